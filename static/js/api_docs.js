// Shows the API's description with Swagger UI. A file of its own, because the content policy forbids inline scripts.

const page = document.getElementById("api-docs");

window.SwaggerUIBundle({
  url: page.dataset.schema,
  domNode: page,
  deepLinking: true,
  // The validator's badge would ask a third party.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});
