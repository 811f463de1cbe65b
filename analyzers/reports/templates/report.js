"use strict";
const button = document.getElementById("traces");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const traces = document.querySelectorAll("details.trace");
    const open = ![...traces].every((trace) => trace.open);
    for (const trace of traces) trace.open = open;
    button.textContent = open ? "Hide stack traces" : "Show stack traces";
  });
}
