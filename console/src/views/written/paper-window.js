// Runs in the window that holds a paper: has it printed, and closes it. Nothing of what is printed stays on screen or in memory after that.
addEventListener('afterprint', () => close());
addEventListener('load', () => print());
