# SPDX-License-Identifier: LGPL-2.1-or-later
unit_programs += \
	%D%/base/test-json-util \
	%D%/base/test-table

if LIBVIRT
unit_programs += %D%/vm/libvirt/test-domain-xml
endif
