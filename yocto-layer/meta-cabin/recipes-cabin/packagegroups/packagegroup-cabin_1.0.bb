SUMMARY = "Cabin with what it hears, speaks and is heard through"
DESCRIPTION = "The assistant, its models and a sound server; an image of a head unit installs this."
HOMEPAGE = "https://cabin.invalid"
BUGTRACKER = "https://cabin.invalid"
SECTION = "multimedia"
LICENSE = "MIT"
# nooelint: oelint.var.licenseremotefile - nothing is fetched that could carry one
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

inherit packagegroup

RDEPENDS:${PN} = "\
    ${PREFERRED_PROVIDER_virtual/cabin-models} \
    alsa-utils \
    cabin-assistant \
    pipewire \
    pipewire-pulse \
    wireplumber \
"
