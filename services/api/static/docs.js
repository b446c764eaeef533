// The packaged viewer over our own description; nothing is fetched from elsewhere.
const spec = await (await fetch("/openapi.json")).json();
const examples = {}; // by name of the path's parameter
const own = new Map(); // for an example, what the caller really has: the newest that a response has named

for (const item of Object.values(spec.paths))
  for (const { parameters } of Object.values(item))
    for (const { name, example } of parameters) if (example) examples[name] = example;

function learn(response) {
  const body = response.headers["content-type"]?.startsWith("application/json") && response.obj;
  if (!body?.id) return response;
  if (body.orderNumber) {
    own.set(examples.order, body.orderNumber).set(examples.order_id, body.id);
    return response;
  }
  if (body.variants?.[0].id) {
    own.set(examples.product_id, body.id).set(examples.variant_id, body.variants[0].id);
    return response;
  }
  own.set(examples[body.sha256 ? "asset_id" : body.uploadUrl ? "upload_id" : body.productId ? "design_id" : "job_id"], body.id);
  if (body.assetId) own.set(examples.asset_id, body.assetId);
  const [key, grant] = (body.result?.cutoutUrl ?? body.url ?? "").split("/").slice(-2);
  if (grant) own.set(examples.key, key).set(examples.grant, grant);
  return response;
}

function fill(request) {
  for (const [example, real] of own) request.url = request.url.replace(example, real);
  if (typeof request.body === "string")
    for (const example of [examples.asset_id, examples.product_id]) request.body = request.body.replace(example, own.get(example) ?? "$&");
  return request;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({ spec, dom_id: "#reference", deepLinking: true, requestInterceptor: fill, responseInterceptor: learn });
