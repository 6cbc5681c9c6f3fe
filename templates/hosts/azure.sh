#!/usr/bin/env bash
# Dante on Azure App Service, at the root of its own app. Written by: dante hosting azure.
#   app=NAME bash azure.sh windows    deploys ./dante.exe
#   app=NAME bash azure.sh linux      deploys ./dante
# Needs the Azure CLI (run az login first), zip, and for Windows a dante that runs on this machine, to write the web.config.
set -euo pipefail
kind=${1:-}
app=${app:?set app to the name of the app; it becomes https://NAME.azurewebsites.net and must be free}
group=${group:-dante}
plan=${plan:-dante-$kind}
location=${location:-westeurope}
# WebSocket readers per instance on Windows: Free 5, Shared 35, Basic 350, Standard and above no limit. Always On, which keeps
# Azure from stopping an idle process, needs Basic or above.
sku=${sku:-B1}

make_app() {
  az group create --name "$group" --location "$location" --output none
  az appservice plan create --resource-group "$group" --name "$plan" --sku "$sku" "${plan_options[@]}" --output none
  az webapp create --resource-group "$group" --plan "$plan" --name "$app" "${app_options[@]}" --output none
}

deploy() {
  (cd "$stage" && zip --quiet --recurse-paths app.zip .)
  az webapp deploy --resource-group "$group" --name "$app" --src-path "$stage/app.zip" --type zip --output none
}

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
# For both kinds: Web sockets on (if off, Windows answers upgrades with 503), and Always On. The front end closes connections
# that are quiet for 230 s. Dante never is: it answers a poll within 25 s.
settings=(--web-sockets-enabled true --always-on true)

case $kind in
windows)
  # HttpPlatformHandler starts dante.exe and passes it the port. It may buffer up to 8 KB of an answer, so server-sent events
  # can come in bursts; WebSocket and polling are not affected. The ASP.NET Core Module does not buffer: module=aspnetcore.
  module=${module:-httpplatform}
  cp dante.exe "$stage"
  dante hosting "$module" --prefix / >"$stage/web.config"
  # The log folder must exist, and a zip deployment keeps only folders with files in them.
  mkdir "$stage/logs"
  echo "dante.exe writes its logs here." >"$stage/logs/README.txt"
  plan_options=()
  app_options=()
  make_app
  az webapp config set --resource-group "$group" --name "$app" "${settings[@]}" --output none
  # Stop the app first: a running exe is locked.
  az webapp stop --resource-group "$group" --name "$app"
  deploy
  az webapp start --resource-group "$group" --name "$app"
  ;;
linux)
  # Any runtime will do, since the startup command replaces it. dante must match the image's C library, or be linked statically
  # (cargo build --release --target x86_64-unknown-linux-musl).
  cp dante "$stage"
  plan_options=(--is-linux)
  app_options=(--runtime "${runtime:-NODE:22-lts}")
  make_app
  # Copies dante first, since the site's folder is a network share that keeps no execute permission. Azure passes the port in
  # PORT. An app made from a container image of Dante needs no startup command; for it, the application setting
  # WEBSITES_PORT=8888 tells both sides the port.
  az webapp config set --resource-group "$group" --name "$app" "${settings[@]}" --output none \
    --startup-file "cp /home/site/wwwroot/dante /tmp/dante && chmod +x /tmp/dante && exec /tmp/dante"
  deploy
  ;;
*)
  echo "azure.sh: give windows or linux as the first argument" >&2
  exit 2
  ;;
esac

# All requests of a polling session must reach the same instance. ARR affinity does that with a cookie. For clients that keep
# no cookies, use one instance, or only WebSocket (the application setting DANTE_TRANSPORTS=websocket).
az webapp update --resource-group "$group" --name "$app" --client-affinity-enabled true --output none
echo "Dante is at https://$app.azurewebsites.net/"
