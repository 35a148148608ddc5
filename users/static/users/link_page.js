// Posts the form as JSON to the page's own address and shows what came of it.
"use strict";

const form = document.getElementById("link-form");
const outcome = document.getElementById("link-outcome");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  outcome.textContent = "";
  try {
    const response = await fetch(window.location.pathname, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    if (response.ok) {
      form.hidden = true;
      outcome.textContent = form.dataset.done;
      return;
    }
    const problem = await response.json();
    const reasons = problem.errors.map((error) => error.detail);
    outcome.textContent = reasons.length ? reasons.join(" ") : problem.detail;
  } catch {
    outcome.textContent = form.dataset.failed;
  }
  button.disabled = false;
});
