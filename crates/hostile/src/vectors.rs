//! The bytes in `spec/vectors/`: valid by definition.

use serde_json::Value;

/// The vectors of each page of `spec/`.
const CHARTER: &str = include_str!("../../../spec/vectors/charter.json");
const JOURNAL: &str = include_str!("../../../spec/vectors/journal.json");
const WIRE: &str = include_str!("../../../spec/vectors/wire.json");

fn below(page: &str, pointer: &str) -> Value {
    let page: Value = serde_json::from_str(page).expect("vectors are JSON");
    page.pointer(pointer).cloned().expect("a vector that is there")
}

/// All texts below a place, in order.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

fn all_bytes(page: &str, pointer: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    texts(&below(page, pointer), &mut found);
    found.iter().map(|text| hex::decode(text).expect("vectors are hexadecimal")).collect()
}

/// The bytes at or below a place of `charter.json`.
pub fn charter(pointer: &str) -> Vec<Vec<u8>> {
    all_bytes(CHARTER, pointer)
}

/// The texts at or below a place of `charter.json`.
pub fn charter_texts(pointer: &str) -> Vec<String> {
    let mut found = Vec::new();
    texts(&below(CHARTER, pointer), &mut found);
    found
}

/// One field (`payload` or `signed`) of every entry and statement of `journal.json`.
pub fn journal(field: &str) -> Vec<Vec<u8>> {
    let lists = [below(JOURNAL, "/entries"), below(JOURNAL, "/statements")];
    let entries = lists[0].as_array().expect("a list").iter();
    let statements = lists[1].as_object().expect("by name").values();
    entries.chain(statements).flat_map(|vector| all_bytes(&vector.to_string(), &format!("/{field}"))).collect()
}

/// The payload of a statement of `journal.json`, by its name.
pub fn statement(name: &str) -> Vec<u8> {
    all_bytes(JOURNAL, &format!("/statements/{name}/payload")).concat()
}

/// The bytes at or below a place of `wire.json`.
pub fn wire(pointer: &str) -> Vec<Vec<u8>> {
    all_bytes(WIRE, pointer)
}
