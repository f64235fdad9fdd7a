import hashlib
import io
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest
import torch
from safetensors.torch import load_file, save_file
from torchvision.models import MobileNet_V2_Weights, VGG16_Weights, mobilenet_v2

from emofusion.errors import EmofusionError
from emofusion.networks.backbone import Backbone, BackboneWeights, weights
from emofusion.networks.backbone.weights import prepare


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return mobilenet_v2(weights=None).state_dict()


def features_of(state: dict) -> dict:
    return {name: tensor for name, tensor in state.items() if name.startswith("features.")}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server(tmp_path):
    """A folder and the address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def published(server, state, monkeypatch) -> str:
    """Serve `state` as if torchvision had published it; the base URL."""
    folder, url = server
    content = io.BytesIO()
    torch.save(state, content)
    name = f"mobilenet_v2-{hashlib.sha256(content.getvalue()).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(content.getvalue())
    monkeypatch.setattr(weights, "published_url", lambda architecture: f"https://example.org/models/{name}")
    return url


def assert_is_prepared(path, state) -> None:
    prepared = load_file(path)
    assert prepared.keys() == features_of(state).keys()
    for name, tensor in features_of(state).items():
        assert prepared[name].dtype == (torch.int64 if name.endswith("tracked") else torch.float32)
        assert torch.equal(prepared[name], tensor.to(prepared[name].dtype))


def test_the_published_files_are_torchvisions():
    assert weights.published_url("vgg16") == VGG16_Weights.IMAGENET1K_V1.url
    assert weights.published_url("vgg16").endswith("/vgg16-397923af.pth")
    assert weights.published_url("mobilenet_v2") == MobileNet_V2_Weights.IMAGENET1K_V1.url


def test_imagenet_is_fetched_checked_and_cut_to_the_convolutions(tmp_path, published, state):
    target = tmp_path / "out" / "weights.safetensors"
    prepare("mobilenet_v2", "imagenet", target, published)
    assert_is_prepared(target, state)
    network = Backbone(architecture="mobilenet_v2").build((3, 64, 64), 8, target)
    torch.testing.assert_close(network.features[18][0].weight, state["features.18.0.weight"])


def test_without_an_address_torchvisions_own_is_used(tmp_path, published, monkeypatch):
    asked = []
    monkeypatch.setattr(weights, "fetch", lambda url, path, **options: (asked.append(url), path.write_bytes(b"")))
    with pytest.raises(EmofusionError, match="SHA-256"):
        prepare("mobilenet_v2", "imagenet", tmp_path / "weights.safetensors", "")
    assert asked[0].startswith("https://example.org/models/mobilenet_v2-")


def test_what_was_fetched_is_not_fetched_again(tmp_path, published, state):
    prepare("mobilenet_v2", "imagenet", tmp_path / "weights.safetensors", published)
    (tmp_path / "weights.safetensors").unlink()
    prepare("mobilenet_v2", "imagenet", tmp_path / "weights.safetensors", "http://127.0.0.1:9")
    assert_is_prepared(tmp_path / "weights.safetensors", state)


def test_a_download_with_another_hash_is_refused(tmp_path, published, server):
    file = next(server[0].iterdir())
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(EmofusionError, match="SHA-256 does not begin as its name says"):
        prepare("mobilenet_v2", "imagenet", tmp_path / "weights.safetensors", published)
    assert not list(tmp_path.glob("*.pth")) and not (tmp_path / "weights.safetensors").exists()


def test_local_file_in_half_precision_and_without_counts(tmp_path, state):
    half = {name: tensor.half() for name, tensor in features_of(state).items() if not name.endswith("tracked")}
    save_file(half, tmp_path / "half.safetensors")
    prepare("mobilenet_v2", str(tmp_path / "half.safetensors"), tmp_path / "out.safetensors", "")
    counts = {name: tensor for name, tensor in state.items() if name.endswith("tracked")}
    assert_is_prepared(tmp_path / "out.safetensors", half | counts)


def test_counts_of_batches_of_another_shape_do_not_matter(tmp_path, state):
    tensors = features_of(state).items()
    lists = {name: tensor.view(1) if name.endswith("tracked") else tensor for name, tensor in tensors}
    save_file(lists, tmp_path / "lists.safetensors")
    prepare("mobilenet_v2", str(tmp_path / "lists.safetensors"), tmp_path / "out.safetensors", "")
    assert_is_prepared(tmp_path / "out.safetensors", state)


def test_local_pytorch_file(tmp_path, state):
    torch.save(state, tmp_path / "whole.pth")
    prepare("mobilenet_v2", str(tmp_path / "whole.pth"), tmp_path / "out.safetensors", "")
    assert_is_prepared(tmp_path / "out.safetensors", state)


def test_another_architecture_is_told_apart(tmp_path, state):
    save_file(features_of(state), tmp_path / "mobilenet.safetensors")
    message = (
        r"mobilenet\.safetensors does not hold the convolutions of vgg16: "
        r"expected features\.0\.weight of shape \(64, 3, 3, 3\), found absent \(in all 26 tensors expected, \d+ found\)"
    )
    with pytest.raises(EmofusionError, match=message):
        prepare("vgg16", str(tmp_path / "mobilenet.safetensors"), tmp_path / "out.safetensors", "")
    assert not (tmp_path / "out.safetensors").exists()


def test_values_that_are_not_finite_are_refused(tmp_path, state):
    damaged = features_of(state) | {"features.0.0.weight": torch.full((32, 3, 3, 3), torch.nan)}
    save_file(damaged, tmp_path / "nan.safetensors")
    with pytest.raises(EmofusionError, match=r"nan\.safetensors .* not finite numbers in features\.0\.0\.weight"):
        prepare("mobilenet_v2", str(tmp_path / "nan.safetensors"), tmp_path / "out.safetensors", "")


@pytest.mark.parametrize("name", ["broken.safetensors", "broken.pth", "absent.pth"])
def test_unreadable_file_is_named(tmp_path, name):
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"these are no weights")
    with pytest.raises(EmofusionError, match=name):
        prepare("mobilenet_v2", str(tmp_path / name), tmp_path / "out.safetensors", "")


class RunsCode:
    def __reduce__(self):
        return print, ("code from the file ran",)


def test_code_in_a_pytorch_file_does_not_run(tmp_path, capsys):
    torch.save({"features.0.weight": RunsCode()}, tmp_path / "evil.pth")
    with pytest.raises(EmofusionError, match=r"evil\.pth"):
        prepare("mobilenet_v2", str(tmp_path / "evil.pth"), tmp_path / "out.safetensors", "")
    assert "ran" not in capsys.readouterr().out


def test_a_whole_checkpoint_is_no_state_dict(tmp_path, state):
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "checkpoint.pth")
    with pytest.raises(EmofusionError, match=r"checkpoint\.pth is no state dict"):
        prepare("mobilenet_v2", str(tmp_path / "checkpoint.pth"), tmp_path / "out.safetensors", "")


def test_real_vgg16_weights(tmp_path, real_data):
    source = real_data / "weights" / "vgg16_features_imagenet.safetensors"
    prepare("vgg16", str(source), tmp_path / "vgg16.safetensors", "")
    prepared, original = load_file(tmp_path / "vgg16.safetensors"), load_file(source)
    assert prepared.keys() == original.keys()
    assert all(torch.equal(prepared[name], original[name].float()) for name in original)
    with pytest.raises(EmofusionError, match="does not hold the convolutions of mobilenet_v2"):
        prepare("mobilenet_v2", str(source), tmp_path / "wrong.safetensors", "")


def test_a_stage_of_weights_writes_the_file_that_a_backbone_starts_from(tmp_path, state):
    file = tmp_path / "mine.safetensors"
    stage = BackboneWeights("mobilenet_v2", str(file), "", 0)
    assert stage.label == "mobilenet_v2-mine" and stage.sources() == []
    with pytest.raises(EmofusionError, match=r"network\.weights=.*mine\.safetensors: not imagenet, not none"):
        stage.check_present()
    save_file(features_of(state), file)
    stage.check_present()
    assert stage.sources() == [file]
    stage.run(tmp_path / "out")
    assert_is_prepared(tmp_path / "out" / "weights.safetensors", state)


def test_drawn_and_published_weights_have_no_source(tmp_path):
    for name in ("imagenet", "none"):
        stage = BackboneWeights("vgg16", name, "", 0)
        stage.check_present()
        assert stage.sources() == [] and stage.label == f"vgg16-{name}"
