import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import mobilenet_v2

from emofusion.face.backbones import ARCHITECTURES, Backbone
from emofusion.messages import EmofusionError
from emofusion.networks import build

SHAPE = (3, 64, 64)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def network(request) -> Backbone:
    torch.manual_seed(0)
    settings = {"kind": "backbone", "architecture": request.param, "weights": None, "hidden": [16], "dropout": 0.5}
    return build(settings, SHAPE, 8)


def pictures(count: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_bytes_and_floats_give_the_same_logits(network):
    network.eval()
    with torch.no_grad():
        logits = network(pictures())
        assert logits.shape == (2, 8)
        torch.testing.assert_close(network(pictures().float()), logits)
        # batch mates do not matter
        torch.testing.assert_close(network(pictures()[1:]), logits[1:], atol=1e-4, rtol=1e-4)


def test_blocks_are_all_convolutions_in_order(network):
    blocks = network.blocks()
    assert len(blocks) == 5
    assert [layer for block in blocks for layer in block] == list(network.features)
    x = network.normalised(pictures(1))
    heights = []
    with torch.no_grad():
        network.eval()
        for block in blocks:
            x = nn.Sequential(*block)(x)
            heights.append(x.shape[-1])
        torch.testing.assert_close(network.head(network.pool(x)), network(pictures(1)))
    # VGG16 halves the picture at each block's end, MobileNetV2 at its beginning
    assert heights == [32, 16, 8, 4, 2]


def test_vgg16_has_thirteen_convolutions_in_five_blocks():
    network = Backbone(SHAPE, 8, "vgg16", hidden=[16])
    convolutions = [sum(isinstance(layer, nn.Conv2d) for layer in block) for block in network.blocks()]
    assert convolutions == [2, 2, 3, 3, 3]
    assert all(isinstance(block[-1], nn.MaxPool2d) for block in network.blocks())


@pytest.mark.parametrize("deepest", [0, 1, 3, 5])
def test_unfreezing_goes_from_the_deepest_block_up(network, deepest):
    network.unfreeze(deepest)
    live = [
        any(parameter.requires_grad for layer in block for parameter in layer.parameters())
        for block in network.blocks()
    ]
    assert live == [False] * (5 - deepest) + [True] * deepest
    assert all(parameter.requires_grad for parameter in network.head.parameters())


@pytest.mark.parametrize("pretrained", [True, False])
def test_frozen_batch_normalisation_keeps_the_statistics_it_came_with(tmp_path, pretrained):
    network = Backbone(SHAPE, 8, "mobilenet_v2", hidden=[16])
    if pretrained:
        state = {f"features.{name}": value.contiguous() for name, value in network.features.state_dict().items()}
        save_file(state, tmp_path / "weights.safetensors")
        network = Backbone(SHAPE, 8, "mobilenet_v2", tmp_path / "weights.safetensors", hidden=[16])
    network.unfreeze(1)
    before = {name: value.clone() for name, value in network.features.state_dict().items()}
    network.train()
    network(pictures(4))
    changed = {name for name, value in network.features.state_dict().items() if not torch.equal(value, before[name])}
    assert changed  # the live block's
    # without pretrained weights there is nothing to keep
    assert {int(name.split(".")[0]) for name in changed} == set(range(14 if pretrained else 0, 19))
    assert network.head.training


def test_the_head_can_scale_what_it_gets():
    torch.manual_seed(0)
    network = Backbone((3, 96, 96), 7, "vgg16", pooling="flatten", head_norm=True, hidden=[16])
    assert network.head[0].num_features == 512 * 3 * 3  # the grid that is left of 96 pixels
    network.train()
    scaled = network.head[0](network.pool(network.features(network.normalised(torch.rand(8, 3, 96, 96) * 255))))
    seen = scaled.std(dim=0) > 1e-3
    assert seen.any() and torch.allclose(scaled[:, seen].mean(dim=0), torch.zeros(int(seen.sum())), atol=1e-4)


def test_mobilenet_runs_with_channels_last():
    network = Backbone(SHAPE, 8, "mobilenet_v2", hidden=[16])
    x = network.normalised(pictures())
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert network.features[0][0].weight.is_contiguous(memory_format=torch.channels_last)
    assert network.features(x).is_contiguous(memory_format=torch.channels_last)


def test_mobilenet_equals_torchvisions(tmp_path):
    torch.manual_seed(3)
    whole = mobilenet_v2(weights=None).eval()
    state = {name: tensor for name, tensor in whole.state_dict().items() if name.startswith("features.")}
    save_file(state, tmp_path / "weights.safetensors")
    network = Backbone(SHAPE, 8, "mobilenet_v2", weights=tmp_path / "weights.safetensors").eval()
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        expected = whole.features((pictures() / 255 - mean) / std).mean((2, 3))
        pooled = network.pool(network.features(network.normalised(pictures())))
    torch.testing.assert_close(pooled, expected, atol=1e-4, rtol=1e-4)


def test_pixels_are_only_scaled_without_normalisation():
    network = Backbone(SHAPE, 8, "mobilenet_v2", normalise="none")
    torch.testing.assert_close(network.normalised(pictures()), pictures() / 255)


def test_flattened_head_sees_a_seven_by_seven_grid():
    network = Backbone((3, 224, 224), 8, "mobilenet_v2", pooling="flatten", hidden=[16])
    assert network.head[0].in_features == 1280 * 49
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, 224, 224)).shape == (1, 8)


def test_fresh_weights_follow_he_and_the_callers_seed():
    torch.manual_seed(5)
    first = Backbone(SHAPE, 8, "vgg16", hidden=[16])
    torch.manual_seed(5)
    second = Backbone(SHAPE, 8, "vgg16", hidden=[16])
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    convolution = first.features[28]
    assert convolution.weight.std().item() == pytest.approx((2 / (9 * 512)) ** 0.5, rel=0.01)
    assert not convolution.bias.any()


def test_weights_of_another_architecture_are_refused(tmp_path):
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(EmofusionError, match=r"other\.safetensors does not hold prepared weights of vgg16"):
        Backbone(SHAPE, 8, "vgg16", weights=tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({"architecture": "resnet"}, SHAPE, "architecture resnet is unknown; choose out of vgg16, mobilenet_v2"),
        ({}, (35,), r"\(3, height, width\)"),
        ({}, (3, 16, 16), "of 32 and more"),
        ({"pooling": "max"}, SHAPE, "choose average or flatten"),
        ({"normalise": "yes"}, SHAPE, "choose imagenet or none"),
    ],
)
def test_what_does_not_fit_is_said(options, shape, message):
    with pytest.raises(EmofusionError, match=message):
        Backbone(shape, 8, **options)
