// The page of one order, to which Stripe's page leads back. What it says is the order's: being back from Stripe proves
// no payment, so it asks again while one may be on its way.

import { call } from "./api.js";

const PAUSE_MS = 3000;
const TRIES = 40; // two minutes: an event of Stripe comes within seconds
const [order, said, pay, link] = ["#order", "#said", "#pay", "#link"].map((name) => document.querySelector(name));
const number = order.dataset.number;
const PAYABLE = ["unpaid", "failed"];
const WAITS = [...PAYABLE, "processing"];
const MONEY = {
  unpaid: "It is not paid yet.",
  processing: "Your payment is on its way. That takes a few days with some methods.",
  failed: "Your payment was declined. You can try again.",
  refunded: "It is paid back.",
  disputed: "Your bank is looking into the payment, so we wait.",
  lost: "Your bank has sent the payment back to you, so we make nothing of it.",
  review: "We are looking into the payment.",
  cancelled: "It is cancelled, and nothing is owed.",
};
const WORK = {
  waiting: "It is paid.",
  queued: "It is paid, and will be printed soon.",
  printing: "It is being printed.",
  printed: "It is printed.",
  packed: "It is packed.",
  shipped: "It is on its way to you.",
  delivered: "It has arrived.",
  held: "It is paid, and waits until something is cleared up.",
  cancelled: "It is cancelled, and what you have paid goes back to you.",
};

const money = (cents, currency) => (cents / 100).toLocaleString(undefined, { style: "currency", currency });
const fill = (list, lines) => document.querySelector(list).replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })));

function notes({ holdUntil, paymentStatus, totals, items, shipments, test }) {
  const kept = holdUntil && PAYABLE.includes(paymentStatus) ? [`We keep it for you until ${new Date(holdUntil).toLocaleTimeString()}.`] : [];
  const rejected = items.flatMap((item) => item.prints).map((print) => print.rejection).filter(Boolean);
  return [
    ...kept,
    ...new Set(rejected.map((reason) => `We need another picture: ${reason}`)),
    ...shipments.map(({ carrier, tracking }) => `Parcel with ${carrier}${tracking ? `, number ${tracking}` : ""}`),
    ...(totals.refundedCents ? [`Paid back: ${money(totals.refundedCents, totals.currency)}`] : []),
    ...(test ? ["A test order: no real money is moved, and nothing is sent."] : []),
  ];
}

function show(found) {
  said.textContent = MONEY[found.paymentStatus] ?? WORK[found.productionStatus];
  fill("#items", found.items.map((item) => `${item.quantity} x ${item.title}, ${item.color}, ${item.size}`));
  fill("#notes", notes(found));
  document.querySelector("#total").textContent = `Total: ${money(found.totals.totalCents, found.totals.currency)}`;
  pay.hidden = !PAYABLE.includes(found.paymentStatus);
  pay.onclick = () => start(found);
  order.hidden = false;
  link.hidden = true;
}

async function start({ id, version }) {
  pay.disabled = true;
  try {
    // The same key for the same state of the order: a second click pays nothing twice.
    const { url } = await call("POST", `/api/orders/${id}/payment`, { kind: "checkout_session" }, { "Idempotency-Key": `page-${id}-${version}` });
    if (!url) throw new Error("This order is being paid elsewhere.");
    location.assign(url);
  } catch (trouble) {
    said.textContent = trouble.message;
  }
  pay.disabled = false;
}

async function follow() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const found = await call("GET", `/api/orders/${number}`);
      show(found);
      if (!WAITS.includes(found.paymentStatus)) return;
    } catch (trouble) {
      if (!trouble.retryable) return refuse(trouble);
      said.textContent = trouble.message;
    }
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
}

function refuse(trouble) {
  const stranger = ["unauthorized", "not_found"].includes(trouble.code);
  said.textContent = stranger ? "Only who has ordered sees this order. Sign in with the mail address that you ordered with." : trouble.message;
  link.hidden = !stranger;
}

link.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await call("POST", "/api/session/link", Object.fromEntries(new FormData(link)));
    said.textContent = "We have mailed you a link. Open it in this browser, then come back to this page.";
    link.hidden = true;
  } catch (trouble) {
    said.textContent = trouble.message;
  }
});

follow();
