// The background behind a cut-out, which the file gets as well.
import { call } from "/static/api.js";

const COLOURS = { white: "#ffffff", black: "#101114", red: "#cf2f32" }; // those of style.css
const $ = (id) => document.getElementById(id);
let options = async () => null;

// The options of a job whose file is on the background that is shown; null: it stays transparent.
export const shown = () => options();

// Let visitors choose. `acceptable` tells whether a file can be a picture, and the visitor why not.
export function offer(acceptable) {
  for (const radio of radios()) {
    const chosen = radio.value in COLOURS ? { bgColor: COLOURS[radio.value] } : null;
    radio.addEventListener("change", () => lay(radio.value, async () => chosen));
  }
  $("colour").addEventListener("input", ({ target }) => lay("colour", async () => ({ bgColor: target.value }), target.value));
  $("backdrop").addEventListener("change", ({ target }) => {
    const [file] = target.files;
    if (file && acceptable(file)) layPicture(file);
  });
}

const radios = () => document.getElementsByName("background");

function layPicture(file) {
  let asset; // sent once, and not before a file needs it
  const chosen = async () => ({ bgAsset: (asset ??= await send(file)).id });
  lay("picture", chosen, `url("${URL.createObjectURL(file)}")`);
}

function send(file) {
  const form = new FormData();
  form.append("file", file, file.name || "picture");
  return call("POST", "/api/uploads", form);
}

// `value` is a CSS background, of the kinds `colour` and `picture`.
function lay(kind, made, value = "") {
  options = made;
  $("compare").dataset.background = kind;
  $("compare").style.setProperty("--ground", value);
  for (const radio of radios()) radio.checked = radio.value === kind;
  for (const name of ["colour", "backdrop"]) $(name).classList.toggle("chosen", $(name).dataset.kind === kind);
}
