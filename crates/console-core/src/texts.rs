//! Neutral texts that officers exchange to test the line: of nature and everyday things, so that nobody can mistake one
//! for a message. A text is named by its number; its words never change, new ones are added at the end.

use crate::view::Text3;

/// English, Japanese, Korean.
const TEXTS: [[&str; 3]; 16] = [
    [
        "The river is calm at dawn, and mist lies over the reeds.",
        "明け方の川は静かで、葦の上に霧がかかっています。",
        "새벽 강은 고요하고 갈대 위에 안개가 내려앉아 있습니다.",
    ],
    [
        "Cranes rest in the rice fields before they fly north in spring.",
        "鶴は春に北へ飛び立つ前、田んぼで羽を休めます。",
        "두루미는 봄에 북쪽으로 날아가기 전에 논에서 쉬어 갑니다.",
    ],
    [
        "An old pine on the cliff leans away from the sea wind.",
        "崖の上の古い松は、海風を避けるように傾いています。",
        "절벽 위의 늙은 소나무는 바닷바람을 피하듯 기울어 있습니다.",
    ],
    [
        "The library opens at nine, and its reading room faces the garden.",
        "図書館は九時に開き、閲覧室は庭に面しています。",
        "도서관은 아홉 시에 문을 열고, 열람실은 정원을 향해 있습니다.",
    ],
    [
        "Snow on the mountain melts slowly and feeds three streams.",
        "山の雪はゆっくりと溶け、三つの小川を潤します。",
        "산의 눈은 천천히 녹아 세 갈래 시내로 흘러듭니다.",
    ],
    [
        "The potter turns the bowl once more and sets it in the shade to dry.",
        "陶工は鉢をもう一度回し、日陰に置いて乾かします。",
        "도공은 그릇을 한 번 더 돌린 뒤 그늘에 두어 말립니다.",
    ],
    [
        "Fireflies appear over the pond on warm evenings in early summer.",
        "初夏の暖かい夕べには、池の上に蛍が現れます。",
        "초여름 따뜻한 저녁이면 연못 위에 반딧불이가 나타납니다.",
    ],
    [
        "The baker leaves the first loaf of the day to cool beside the window.",
        "パン職人は、その日最初のパンを窓辺で冷まします。",
        "제빵사는 그날의 첫 빵을 창가에 두고 식힙니다.",
    ],
    [
        "Waves draw thin lines in the sand, and the next ones wipe them away.",
        "波は砂に細い線を描き、次の波がそれを消していきます。",
        "파도는 모래 위에 가는 선을 긋고, 다음 파도가 그것을 지웁니다.",
    ],
    [
        "In autumn the maple leaves turn red from the top of the hill downward.",
        "秋になると、もみじは丘の上から順に赤く染まります。",
        "가을이 되면 단풍은 언덕 꼭대기에서부터 아래로 붉게 물듭니다.",
    ],
    [
        "The clock in the station hall is two minutes fast, and everyone knows it.",
        "駅の広間の時計は二分進んでいますが、みんなそれを知っています。",
        "역 대합실의 시계는 이 분 빠르지만, 모두가 그것을 알고 있습니다.",
    ],
    [
        "A grey cat sleeps on the warm stones of the temple wall.",
        "灰色の猫が、寺の塀の温かい石の上で眠っています。",
        "회색 고양이 한 마리가 절 담장의 따뜻한 돌 위에서 자고 있습니다.",
    ],
    [
        "Bees visit the apple trees on the south slope first.",
        "蜜蜂はまず、南の斜面にあるりんごの木を訪れます。",
        "꿀벌은 남쪽 비탈의 사과나무를 가장 먼저 찾아갑니다.",
    ],
    [
        "The poet counts the syllables on her fingers and begins the line again.",
        "詩人は指で音を数え、その行をもう一度書き始めます。",
        "시인은 손가락으로 음절을 세어 보고 그 행을 다시 시작합니다.",
    ],
    [
        "After the rain, the moss between the steps is a deeper green.",
        "雨の後、石段の間の苔は緑がいっそう深くなります。",
        "비가 그친 뒤 돌계단 사이의 이끼는 더욱 짙은 초록이 됩니다.",
    ],
    [
        "The ferry crosses the bay six times a day when the weather is fair.",
        "天気が良い日には、渡し船が一日に六回、湾を渡ります。",
        "날씨가 좋은 날에는 나룻배가 하루에 여섯 번 만을 건넙니다.",
    ],
];

/// How many there are.
pub(crate) fn count() -> u64 {
    TEXTS.len() as u64
}

/// A text by its number; a number beyond the list begins it again.
pub(crate) fn text(number: u16) -> Text3 {
    let [en, ja, ko] = TEXTS[usize::from(number) % TEXTS.len()];
    Text3 { en: en.to_owned(), ja: ja.to_owned(), ko: ko.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialogue_charter::text::{Form, refuse};
    use trialogue_journal::limits::TRANSLATION_MAX;

    #[test]
    fn every_text_can_be_shown_and_certified_in_each_language() {
        let all: Vec<&str> = TEXTS.iter().flatten().copied().collect();
        assert!(all.iter().all(|text| refuse(text, Form::Line, TRANSLATION_MAX).is_ok()));
        let once: std::collections::BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(once.len(), all.len(), "each says something of its own");
        assert_eq!(text(0), text(TEXTS.len() as u16));
    }

    #[test]
    fn the_specification_has_the_same_list() {
        let rows = TEXTS.iter().enumerate().map(|(number, [en, ja, ko])| format!("| {number} | {en} | {ja} | {ko} |"));
        let said = include_str!("../../../spec/test-texts.md").lines().filter(|line| line.starts_with("| ")).skip(1);
        assert_eq!(said.collect::<Vec<_>>(), rows.collect::<Vec<_>>());
    }
}
