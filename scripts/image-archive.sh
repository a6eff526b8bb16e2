#!/usr/bin/env bash
# Makes a container image that `podman load -i` and `docker load -i` take, without either:
# scripts/image-archive.sh BINARY VERSION ARCH ARCHIVE. The same as `FROM scratch` in Containerfile.
set -euo pipefail
export LC_ALL=C TZ=UTC
binary=$1 version=$2 archive=$4
case $3 in
    x86_64) platform=amd64 ;;
    aarch64) platform=arm64 ;;
    *) echo "no such architecture: $3" >&2; exit 2 ;;
esac
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

tidy=(--sort=name --format=gnu "--mtime=@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner)
mkdir "$place/root" "$place/image"
install -m 755 "$binary" "$place/root/lanline"
tar "${tidy[@]}" --mode=0755 -C "$place/root" -cf "$place/layer.tar" lanline
layer=$(sha256sum "$place/layer.tar" | cut -d' ' -f1)
mv "$place/layer.tar" "$place/image/$layer.tar"

cat >"$place/config.json" <<JSON
{"architecture":"$platform","os":"linux","created":"$created",
"config":{"User":"65532:65532","Entrypoint":["/lanline"],"ExposedPorts":{"5260/tcp":{}},
"Healthcheck":{"Test":["CMD","/lanline","health"],"Interval":30000000000,"Timeout":10000000000,"Retries":3},
"Labels":{"org.opencontainers.image.title":"lanline","org.opencontainers.image.version":"$version",
"org.opencontainers.image.licenses":"MIT"}},
"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]},
"history":[{"created":"$created","created_by":"lanline $version, from scratch"}]}
JSON
config=$(sha256sum "$place/config.json" | cut -d' ' -f1)
mv "$place/config.json" "$place/image/$config.json"
cat >"$place/image/manifest.json" <<JSON
[{"Config":"$config.json","RepoTags":["localhost/lanline:$version"],"Layers":["$layer.tar"]}]
JSON
tar "${tidy[@]}" --mode=0644 -C "$place/image" -cf "$archive" "$config.json" "$layer.tar" manifest.json
