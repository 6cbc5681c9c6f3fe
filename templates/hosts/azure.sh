#!/usr/bin/env bash
# Dante on Azure App Service, at the root of an app of its own. Written by: dante hosting azure.
#   app=NAME bash azure.sh windows    deploys ./dante.exe
#   app=NAME bash azure.sh linux      deploys ./dante
# Needs the Azure CLI (az login first), zip, and a dante that runs here to write the web.config for Windows.
set -euo pipefail
kind=${1:-}
app=${app:?set app to the name of the app; it becomes https://NAME.azurewebsites.net and must be free}
group=${group:-dante}
plan=${plan:-dante-$kind}
location=${location:-westeurope}
# WebSocket readers for each instance on Windows: Free 5, Shared 35, Basic 350, Standard and above without a limit. Always On,
# which keeps a process that nobody asks for from being ended, begins with Basic.
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
# Both kinds: Web sockets on (off, Windows answers upgrades with 503), Always On. The front end cuts what is silent for
# 230 s, and Dante is never silent for so long: a poll is answered within 25 s.
settings=(--web-sockets-enabled true --always-on true)

case $kind in
windows)
  # HttpPlatformHandler starts dante.exe and tells it the port. It may hold back up to 8 KB of an answer, and server-sent
  # events then come in lumps; WebSocket and polling do not mind. The ASP.NET Core Module holds nothing back: module=aspnetcore.
  module=${module:-httpplatform}
  cp dante.exe "$stage"
  dante hosting "$module" --prefix / >"$stage/web.config"
  # The folder of the logs has to exist, and zip files of Azure's keep only folders with something in them.
  mkdir "$stage/logs"
  echo "dante.exe writes its logs here." >"$stage/logs/README.txt"
  plan_options=()
  app_options=()
  make_app
  az webapp config set --resource-group "$group" --name "$app" "${settings[@]}" --output none
  # A running exe is locked.
  az webapp stop --resource-group "$group" --name "$app"
  deploy
  az webapp start --resource-group "$group" --name "$app"
  ;;
linux)
  # Any runtime will do, since the startup command runs in its place; dante must suit the image's C library, or have been
  # built for none (cargo build --release --target x86_64-unknown-linux-musl).
  cp dante "$stage"
  plan_options=(--is-linux)
  app_options=(--runtime "${runtime:-NODE:22-lts}")
  make_app
  # A copy, since the site's folder lies on a network and keeps no right to execute. The platform tells the port in PORT. An
  # app made from a container image of Dante needs no startup command; there the application setting WEBSITES_PORT=8888 tells
  # the port to both sides.
  az webapp config set --resource-group "$group" --name "$app" "${settings[@]}" --output none \
    --startup-file "cp /home/site/wwwroot/dante /tmp/dante && chmod +x /tmp/dante && exec /tmp/dante"
  deploy
  ;;
*)
  echo "azure.sh: say windows or linux" >&2
  exit 2
  ;;
esac

# Polling needs every request of a session on the same instance. ARR affinity does that with a cookie; clients that keep no
# cookies need one instance, or WebSocket alone (the application setting DANTE_TRANSPORTS=websocket).
az webapp update --resource-group "$group" --name "$app" --client-affinity-enabled true --output none
echo "Dante is at https://$app.azurewebsites.net/"
