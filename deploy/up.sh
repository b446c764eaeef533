#!/bin/sh
# `make up`: add the secrets that .env lacks and start everything in containers, then say where it answers, with which network and secrets, and
# where alerts go.
set -eu

network() {
    docker compose exec -T front wget -q -O - http://rembg:7000/ | sed -n 's/.*"model": *"\([^"]*\)".*/\1/p'
}
setting() { # from the environment, else from .env as compose reads it, where the last line counts
    eval "value=\${$1:-}"
    [ -n "$value" ] || value=$(
        sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*[=:][[:space:]]*//p" .env | tail -n 1 | tr -d '\r' |
            sed -E "s/[[:space:]]+(#.*)?\$//; s/^\"(.*)\"\$/\\1/; s/^'(.*)'\$/\\1/"
    )
    echo "$value"
}
add_secret() { # NAME [VOLUME [PREFIX]]: unless a value is there, or the volume was made with the published one
    [ -z "$(setting "$1")" ] || return 0
    if [ -n "${2:-}" ] && echo "$volumes" | grep -qx "${project}_$2"; then
        published="$published $1"
        return 0
    fi
    add_line "$1=${3:-}$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
}
add_line() {
    chmod 600 .env
    [ -z "$(tail -c 1 .env)" ] || echo >> .env
    echo "$1" >> .env
}
add_test_payments() { # the keys that the api and the double of Stripe share
    if [ -z "$(setting STRIPE_SECRET_KEY)" ]; then
        add_line STRIPE_API_BASE=http://127.0.0.1:12111
    elif [ -z "$(setting STRIPE_API_BASE)" ]; then
        echo "STRIPE_SECRET_KEY is for Stripe itself: take it out of .env, or leave PROFILE=test-payments out" >&2
        exit 1
    fi
    add_secret STRIPE_SECRET_KEY '' sk_test_
    add_secret STRIPE_PUBLISHABLE_KEY '' pk_test_
    add_secret STRIPE_WEBHOOK_SECRET '' whsec_
}
warn_of_published() {
    for name in $published; do
        echo "          $name is missing, so the published one of an earlier start stays; deploy/runbooks/secrets.md changes it"
    done
}
explain_failure() {
    case $(docker compose logs --no-log-prefix --tail 20 migrate 2>&1) in
        *"password authentication failed"*)
            if [ -n "$(setting DATABASE_URL)" ]; then
                echo "The database of DATABASE_URL refuses its password."
            else
                echo "The database in the volume ${project}_postgres has another password than .env: deploy/runbooks/secrets.md, \"Another password\""
            fi
            ;;
        *) warn_of_published ;;
    esac
}

config=$(docker compose config) # not in a pipe, which would hide its failure
project=$(echo "$config" | sed -n 's/^name: //p')
volumes=$(docker volume ls --quiet)
published=''
(umask 077 && touch .env)
for name in SECRET_KEY OPS_TOKEN REMBG_TOKEN MOCKUPS_TOKEN; do add_secret "$name"; done
add_secret POSTGRES_PASSWORD postgres
add_secret GRAFANA_PASSWORD grafana
[ "${PROFILE:-}" != test-payments ] || add_test_payments

weights=$(setting MODELS_DIR)
weights=${weights:-data/models}
mkdir -p data/models
chmod -R a+rX data/models 2> /dev/null || true # earlier versions closed it to the user of the containers
docker compose ${PROFILE:+--profile "$PROFILE"} up --build --wait || {
    explain_failure >&2
    exit 1
}
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
payments=$(docker compose exec -T api printenv STRIPE_SECRET_KEY STRIPE_API_BASE || true)
case $payments in
    *http://*) echo "payments  TEST MODE: no money moves; a double of Stripe takes all payments" ;;
    *_test_*) echo "payments  TEST MODE: no money moves; STRIPE_SECRET_KEY is one of Stripe's test mode" ;;
    *_live_*) echo "payments  REAL MONEY, through Stripe" ;;
    *) echo "payments  none: docs/payments.md; \`make up PROFILE=test-payments\` shows them with a double of Stripe" ;;
esac
echo "network   $network"
if [ "$network" = compact ]; then
    echo "          the small one, for trials; for production run \`make models && make up\`,"
    echo "          or, without Python, \`echo MODEL=u2net >> .env && make up\`"
fi
echo "secrets   $PWD/.env"
warn_of_published
if ! docker compose ps --services --status running | grep -qx alertmanager; then
    echo "alerts    none; \`make up PROFILE=observability\` starts them"
elif [ -z "$(setting ALERT_WEBHOOK_URL)" ]; then
    echo "alerts    warning: they go nowhere; set ALERT_WEBHOOK_URL in .env"
else
    echo "alerts    to ALERT_WEBHOOK_URL"
fi
