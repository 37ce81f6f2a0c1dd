SUMMARY = "Models for English and Chinese, read-only in the image"
DESCRIPTION = "Whisper, Piper voices and a Qwen model as models.toml names them, from the mirror and with the hashes the integrator vouches for."
HOMEPAGE = "https://cabin.invalid"
BUGTRACKER = "https://cabin.invalid"
SECTION = "multimedia"
LICENSE = "Apache-2.0 & MIT"
# nooelint: oelint.var.licenseremotefile - nothing is fetched that could carry one
LIC_FILES_CHKSUM = "\
    file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10 \
    file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302 \
"

PROVIDES = "virtual/cabin-models"

# Paths under the models folder and their sha256, separated by a colon. Nobody here has seen these files, and a hash is
# never invented: `cabin models fetch` records them in pins.json, from where the integrator copies them.
#   CABIN_MODEL_FILES = "whisper-base/model.bin:<sha256> whisper-base/config.json:<sha256> ..."
CABIN_MODEL_FILES ??= ""
CABIN_MODEL_MIRROR ??= "https://models.invalid"

SRC_URI = "${@cabin_model_uris(d)} file://models.conf"

S = "${UNPACKDIR}"

inherit allarch

def cabin_model_uris(d):
    uris = []
    for entry in d.getVar("CABIN_MODEL_FILES").split():
        path, _, digest = entry.partition(":")
        flat = path.replace("/", "-")
        uris.append("${CABIN_MODEL_MIRROR}/%s;downloadfilename=cabin-%s;unpack=0;sha256sum=%s" % (path, flat, digest))
    return " ".join(uris)

# nooelint: oelint.task.noanonpython - only here can a recipe be skipped with the mend
python () {
    entries = d.getVar("CABIN_MODEL_FILES").split()
    if not entries:
        raise bb.parse.SkipRecipe("set CABIN_MODEL_FILES, or choose cabin-models-english")
    for entry in entries:
        path, _, digest = entry.partition(":")
        if len(digest) != 64 or path.startswith("/") or ".." in path.split("/"):
            raise bb.parse.SkipRecipe("CABIN_MODEL_FILES: write %s as folder/file:sha256" % entry)
}

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    for entry in ${CABIN_MODEL_FILES}; do
        path="${entry%%:*}"
        install -D -m 0644 "${UNPACKDIR}/cabin-$(echo "$path" | tr / -)" "${D}${datadir}/cabin/weights/$path"
    done
    install -D -m 0644 ${UNPACKDIR}/models.conf ${D}${nonarch_base_libdir}/systemd/system/cabin.service.d/models.conf
}

FILES:${PN} += "\
    ${datadir}/cabin/weights \
    ${nonarch_base_libdir}/systemd/system/cabin.service.d \
"
RDEPENDS:${PN} = "\
    python3-faster-whisper \
    python3-pymicro-wakeword \
"
