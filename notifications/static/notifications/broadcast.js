// The page of a broadcast: counts the audience of the form as it stands, and follows the sending.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const EVERY = 2000;

  for (const place of document.querySelectorAll("[data-broadcast-size]")) {
    const [button, output] = [place.querySelector("button"), place.querySelector("output")];
    button.addEventListener("click", async () => {
      button.disabled = true;
      output.textContent = "…";
      try {
        const form = new FormData(button.form);
        const answer = await fetch(place.dataset.broadcastSize, { method: "POST", body: form });
        output.textContent = answer.ok ? (await answer.json()).text : "—";
      } catch {
        output.textContent = "—";
      } finally {
        button.disabled = false;
      }
    });
  }

  for (const place of document.querySelectorAll("[data-broadcast-progress]")) {
    const moves = ["scheduled", "sending"];
    const began = place.dataset.state;
    if (!moves.includes(began)) continue;
    const [bar, words] = [place.querySelector("progress"), place.querySelector("span")];
    const look = async () => {
      try {
        const answer = await fetch(place.dataset.broadcastProgress);
        if (answer.ok) {
          const found = await answer.json();
          bar.value = found.percent;
          words.textContent = found.text;
          // Other buttons, other fields: the page is built anew. A form somebody may be writing in is left alone.
          if (found.state !== began && began === "sending") return window.location.reload();
          if (found.state !== began) return;
        }
      } catch {
        // The next look may find the server again.
      }
      window.setTimeout(look, EVERY);
    };
    window.setTimeout(look, EVERY);
  }
});
