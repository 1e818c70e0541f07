# SPDX-License-Identifier: LGPL-2.1-or-later
unit_programs += \
	%D%/base/test-json-util

if LIBVIRT
unit_programs += %D%/vm/libvirt/test-domain-xml
endif
