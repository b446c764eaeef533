// The pages that links in mails open. The token is in the fragment, which reaches no server; a click spends it, as
// programs that look into mails open every link.

import { call } from "./api.js";

const form = document.querySelector("form");
const button = form.querySelector("button");
const said = document.querySelector("#said");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  said.textContent = "";
  try {
    await call("POST", form.getAttribute("action"), { token: location.hash.slice(1), ...Object.fromEntries(new FormData(form)) });
    history.replaceState(null, "", location.pathname);
    form.hidden = true;
    said.textContent = form.dataset.done;
  } catch (trouble) {
    said.textContent = trouble.message;
    button.disabled = false;
  }
});
