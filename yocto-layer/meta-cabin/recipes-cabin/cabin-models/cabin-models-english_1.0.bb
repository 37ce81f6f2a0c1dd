SUMMARY = "The models that wheels carry: English, nothing to fetch"
DESCRIPTION = "Moonshine tiny-en, the wake words and Silero, all inside packages of their own; the rules understand both languages."
HOMEPAGE = "https://cabin.invalid"
BUGTRACKER = "https://cabin.invalid"
SECTION = "multimedia"
LICENSE = "MIT"
# nooelint: oelint.var.licenseremotefile - nothing is fetched that could carry one
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

PROVIDES = "virtual/cabin-models"

SRC_URI = ""

inherit allarch

ALLOW_EMPTY:${PN} = "1"
RDEPENDS:${PN} = "\
    python3-faster-whisper \
    python3-moonshine-voice \
    python3-pymicro-wakeword \
"
