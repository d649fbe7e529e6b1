// Starts ReDoc.
Redoc.init(
  "/openapi.json",
  {
    disableSearch: false,
    expandResponses: "200",
    hideDownloadButton: false,
    jsonSampleExpandLevel: 3,
    pathInMiddlePanel: true,
    sortRequiredPropsFirst: false,
    theme: {
      colors: { primary: { main: "#0b5c66" } },
      typography: {
        fontFamily: "system-ui, sans-serif",
        headings: { fontFamily: "system-ui, sans-serif" },
        code: { fontFamily: "ui-monospace, monospace" },
      },
    },
  },
  document.getElementById("redoc"),
);
