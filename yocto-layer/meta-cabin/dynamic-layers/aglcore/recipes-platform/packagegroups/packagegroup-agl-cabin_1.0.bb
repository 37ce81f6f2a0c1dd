SUMMARY = "Cabin for an AGL image"
DESCRIPTION = "AGL brings its own sound server, session manager and databroker: only the assistant and its models are added."
HOMEPAGE = "https://cabin.invalid"
BUGTRACKER = "https://cabin.invalid"
SECTION = "multimedia"
LICENSE = "MIT"
# nooelint: oelint.var.licenseremotefile - nothing is fetched that could carry one
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

inherit packagegroup

RDEPENDS:${PN} = "\
    ${PREFERRED_PROVIDER_virtual/cabin-models} \
    cabin-assistant \
"
