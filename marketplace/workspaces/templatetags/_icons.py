"""Line icons on a 24 by 24 grid, drawn for this house; one stroke colour, inherited from the text."""

ICONS: dict[str, str] = {
    "alert": '<path d="M12 4 2.8 20h18.4z"/><path d="M12 10v4.5M12 17.4v.1"/>',
    "arrow-right": '<path d="M4 12h16M14 6l6 6-6 6"/>',
    "bank": '<path d="M3 9.5 12 4l9 5.5zM5 20h14M6.5 10v7M12 10v7M17.5 10v7M3.5 20h17"/>',
    "basket": '<path d="M4 9.5h16l-1.8 9.6H5.8zM8.5 9.5 12 4l3.5 5.5M9.5 13v3M14.5 13v3"/>',
    "bell": '<path d="M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 21h4"/>',
    "block": '<circle cx="12" cy="12" r="8.5"/><path d="m6.2 6.2 11.6 11.6"/>',
    "box": ('<path d="m12 3 8.5 4.5v9L12 21l-8.5-4.5v-9z"/><path d="M3.5 7.5 12 12l8.5-4.5M12 12v9M7.7 5.3l8.5 4.5"/>'),
    "calendar": '<path d="M4 6h16v14H4zM4 10h16M8 3.5V8M16 3.5V8"/>',
    "certificate": (
        '<path d="M5 3.5h14v12H5z"/><path d="M8.5 7.5h7M8.5 11h4"/><circle cx="15" cy="15" r="3"/>'
        '<path d="m13.5 17.5-.7 3.5 2.2-1.2 2.2 1.2-.7-3.5"/>'
    ),
    "chart": '<path d="M4 4v16h16"/><path d="M8.5 16v-4M13 16V7M17.5 16v-6.5"/>',
    "check": '<path d="m5 12.5 4.8 4.8L19.5 7"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.3l3.5 2"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "coins": (
        '<ellipse cx="12" cy="7" rx="7.5" ry="3"/><path d="M4.5 7v5c0 1.7 3.4 3 7.5 3s7.5-1.3 '
        '7.5-3V7"/><path d="M4.5 12v5c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3v-5"/>'
    ),
    "copy": '<path d="M8.5 8.5H20V20H8.5z"/><path d="M15.5 8.5V4H4v11.5h4.5"/>',
    "document": '<path d="M6 3.5h8L18.5 8v12.5H6z"/><path d="M13.5 3.5V8.5h5M9 12.5h6.5M9 16h6.5"/>',
    "download": '<path d="M12 4v11.5M7 11l5 5 5-5M4.5 20h15"/>',
    "eye": (
        '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="3"/>'
    ),
    "filter": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "flag": '<path d="M6 21V4M6 4.5h12.5L15.5 9l3 4.5H6"/>',
    "gear": (
        '<circle cx="12" cy="12" r="3.2"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 '
        '2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2"/>'
    ),
    "gift": (
        '<path d="M4 11h16v9.5H4zM3 7.5h18V11H3zM12 7.5v13"/><path d="M12 7.5C9 7.5 7 6.5 7 '
        '5s2.6-2.3 5 2.5C14.4 2.7 17 3.5 17 5s-2 2.5-5 2.5z"/>'
    ),
    "home": '<path d="M3.5 11 12 4l8.5 7M6 9.5V20h12V9.5M10 20v-5.5h4V20"/>',
    "household": (
        '<path d="M3.5 11.5 12 5l8.5 6.5M6 10v10h12V10"/><path d="M12 18.5c-2-1.2-3-2.3-3-3.5a1.5 '
        '1.5 0 0 1 3-.3 1.5 1.5 0 0 1 3 .3c0 1.2-1 2.3-3 3.5z"/>'
    ),
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.6v.1"/>',
    "leaf": '<path d="M5 19C4 10 9 4.5 20 4.5c0 11-5.5 16-13 14.5"/><path d="M4 21c2-5 5.5-8.5 10-11"/>',
    "link": (
        '<path d="M10 14a4 4 0 0 0 5.7 0l3.5-3.5a4 4 0 0 0-5.7-5.7L12 6.3"/><path d="M14 10a4 4 0 0 '
        '0-5.7 0l-3.5 3.5a4 4 0 0 0 5.7 5.7l1.5-1.5"/>'
    ),
    "list": '<path d="M9 6h11M9 12h11M9 18h11M4.5 6h.1M4.5 12h.1M4.5 18h.1"/>',
    "lock": '<path d="M5.5 10.5h13V20h-13zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5M12 14.5V17"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "minus": '<path d="M5 12h14"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
    "mountain": '<path d="m2.5 19 6.5-11 4 6 2.5-3.5 6 8.5z"/><circle cx="17.5" cy="6" r="1.8"/>',
    "partial": ('<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>'),
    "people": (
        '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.5-4 3-6 6.5-6s6 2 6.5 6"/><path '
        'd="M15.5 5.2a3.5 3.5 0 0 1 0 6.6M17.5 14c2.3.7 3.6 2.5 4 5.5"/>'
    ),
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4.5 3.4-6.5 7.5-6.5s6.9 2 7.5 6.5"/>',
    "pin": (
        '<path d="M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0C18.5 15 12 21 12 21z"/><circle cx="12" cy="10" r="2.3"/>'
    ),
    "play": '<circle cx="12" cy="12" r="8.5"/><path d="m10 8.5 5.5 3.5-5.5 3.5z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "printer": '<path d="M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6.5H7z"/>',
    "producer": '<path d="M3.5 20h17M5 20V10l4.5-3v13M9.5 20V4.5l9 4V20M13 11h2M13 15h2"/>',
    "qr": (
        '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM17.5 17.5H20V20h-2.5zM20 14h.1M14 20h.1"/>'
    ),
    "refresh": '<path d="M19.5 8.5A8 8 0 1 0 20 13"/><path d="M20 4v5h-5"/>',
    "scales": (
        '<path d="M12 4v16M8 20h8M5 7h14"/><path d="m5 7-2.7 6.5a2.9 2.9 0 0 0 5.4 0zM19 7l-2.7 '
        '6.5a2.9 2.9 0 0 0 5.4 0z"/>'
    ),
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "shield": (
        '<path d="M12 3 4.5 6v5.5c0 4.7 3 8 7.5 9.5 4.5-1.5 7.5-4.8 7.5-9.5V6z"/><path d="m8.5 12 2.5 2.5 4.5-5"/>'
    ),
    "sign-out": '<path d="M14 4H5v16h9M10 12h10.5M16.5 7.5 21 12l-4.5 4.5"/>',
    "spreadsheet": '<path d="M4 4h16v16H4zM4 9.3h16M4 14.7h16M10 4v16"/>',
    "sun": (
        '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2.5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 '
        '7M17 17l1.7 1.7M18.7 5.3 17 7M7 17l-1.7 1.7"/>'
    ),
    "swap": '<path d="M4 8.5h15M15 4.5l4.5 4-4.5 4M20 16H5M9 12l-4.5 4L9 20"/>',
    "tag": '<path d="M4 4h8l8.5 8.5-8 8L4 12z"/><circle cx="8.5" cy="8.5" r="1.3"/>',
    "truck": (
        '<path d="M2.5 6.5h11.5v10H2.5zM14 10h4l3.5 3.5v3H14z"/><circle cx="7" cy="17.5" r="2"/>'
        '<circle cx="17.5" cy="17.5" r="2"/>'
    ),
    "upload": '<path d="M12 16V4.5M7 9l5-5 5 5M4.5 20h15"/>',
}
