#!/bin/sh
# `make up`: start everything in containers, then say where it answers, with which network and secrets, and where alerts go.
set -eu

network() {
    docker compose exec -T front wget -q -O - http://rembg:7000/ | sed -n 's/.*"model": *"\([^"]*\)".*/\1/p'
}
setting() { # from the environment, else from .env, as compose reads it
    eval "value=\${$1:-}"
    [ -n "$value" ] || value=$(sed -n "s/^$1=//p" .env | tail -n 1)
    echo "$value"
}

weights=$(setting MODELS_DIR)
weights=${weights:-data/models}
mkdir -p data/models
chmod -R a+rX data/models 2> /dev/null || true # earlier versions closed it to the user of the containers
docker compose ${PROFILE:+--profile "$PROFILE"} up --build --wait
if [ "$(network)" = compact ] && [ -z "$(setting REMBG_MODEL)" ] && [ -f "$weights/u2net.onnx" ]; then
    docker compose up --wait --no-deps --force-recreate rembg # started before the weights were fetched
fi

local=http://$(docker compose port front 8080)
public=$(docker compose exec -T api printenv PUBLIC_URL || true)
network=$(network)
echo
echo "address   ${public:-$local}"
if [ -n "$public" ]; then
    echo "          its proxy sends requests to $local"
else
    case $local in http://127.*) echo "          reachable from this machine only; docs/going-public.md opens it" ;; esac
fi
echo "network   $network"
if [ "$network" = compact ]; then
    echo "          the small one, for trials; for production run \`make models && make up\`,"
    echo "          or, without Python, \`echo MODEL=u2net >> .env && make up\`"
fi
echo "secrets   $PWD/.env"
if ! docker compose ps --services --status running | grep -qx alertmanager; then
    echo "alerts    none; \`make up PROFILE=observability\` starts them"
elif [ -z "$(setting ALERT_WEBHOOK_URL)" ]; then
    echo "alerts    warning: they go nowhere; set ALERT_WEBHOOK_URL in .env"
else
    echo "alerts    to ALERT_WEBHOOK_URL"
fi
