"""Find the files of a registered model."""

from pathlib import Path

from emofusion.errors import EmofusionError

BUNDLE = Path("artifacts", "bundle")  # in the folder of an MLflow model


def model_folder(model: str, registry: str | None) -> Path:
    """The folder of a model of MLflow, in which its bundle is.

    Args:
        model: `models:/NAME/VERSION`, or a folder.
        registry: MLflow's address; None: the variable MLFLOW_TRACKING_URI, otherwise the database in `results`.

    Raises:
        EmofusionError: there is no such model.
    """
    if not model.startswith(("models:/", "runs:/")):
        folder = Path(model)
        if not (folder / "MLmodel").is_file():
            raise EmofusionError(
                f"--model {model}: no model of MLflow is there. Name models:/NAME/VERSION, or its folder."
            )
        return folder
    from emofusion.tracking.address import absolute, shown, sqlite_file, tracking_uri

    address = absolute(tracking_uri(registry, Path("results")))
    database = sqlite_file(address)
    if database is not None and not database.is_file():
        raise EmofusionError(
            f"--model {model}: there is no registry {database}. Run this in the folder of the workflow, or name the "
            "registry's address with --registry."
        )
    from emofusion.tracking.moved import follow
    from emofusion.tracking.store import clear_store_errors, open_client

    follow(address, Path("results"))
    with clear_store_errors(address):
        import mlflow
        from mlflow.exceptions import MlflowException

        open_client(address)  # quiets MLflow
        mlflow.set_tracking_uri(address)
        mlflow.set_registry_uri(address)
        try:
            found = mlflow.artifacts.download_artifacts(artifact_uri=model)
        except MlflowException as error:
            raise EmofusionError(
                f"--model {model}: {str(error).splitlines()[0]} The registry is {shown(address)}. Register a model "
                "with: snakemake --cores 2 register --config experiment=<name>"
            ) from error
    return Path(found)


def bundle_folder(model: str, registry: str | None) -> Path:
    """The folder of a model's bundle. Raises `EmofusionError` where there is no such model, or emofusion made none."""
    folder = model_folder(model, registry) / BUNDLE
    if not folder.is_dir():
        raise EmofusionError(f"--model {model}: this model was not registered by emofusion. Name one that was.")
    return folder
