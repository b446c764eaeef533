// A strip of mock-ups below a finished cut-out. Without the service that draws them the page simply has none.
import { call, here } from "/static/api.js";

const SHOWN = [["tshirt-front", "f4f3ef"], ["hoodie", "1f2a44"], ["tote", "e3d6bb"], ["mug", "f6f5f2"]];
const SIDE = 480; // pixels, twice what a phone or a column shows
const AGAIN_MS = [1500, 4000]; // the first mock-up of a picture may find the service busy

const strip = document.getElementById("mockups");
let shown = ""; // the picture that is worn, or about to be

export function hide() {
  shown = "";
  strip.hidden = true;
  strip.lastElementChild.replaceChildren();
}

// Show the picture on some garments, in the place of another, unless the visitor has gone elsewhere by then.
export async function wear(assetId) {
  if (shown === assetId) return;
  shown = assetId;
  const { items, template } = await call("GET", `/api/assets/${assetId}/mockups?w=${SIDE}`).catch(() => ({ items: [] }));
  if (!items.length || shown !== assetId) return;
  const titles = new Map(items.map(({ garment, title }) => [garment, title]));
  strip.lastElementChild.replaceChildren(...SHOWN.map(([garment, color]) => {
    const address = template.replace("{garment}", garment).replace("{color}", color);
    return mockup(`${here(address)}?w=${SIDE}`, titles.get(garment));
  }));
  strip.hidden = false;
}

function mockup(address, title) {
  const image = Object.assign(new Image(SIDE, SIDE), { alt: `Your picture on: ${title}`, loading: "lazy", decoding: "async" });
  const item = document.createElement("li");
  const waits = [...AGAIN_MS];
  image.addEventListener("error", () => {
    if (waits.length) setTimeout(() => { image.src = address; }, waits.shift());
    else item.remove();
    strip.hidden = !strip.lastElementChild.children.length;
  });
  image.src = address;
  item.append(image);
  return item;
}
