from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import mobilenet_v2

from emofusion.errors import EmofusionError
from emofusion.networks.backbone import Backbone, TrainedBackbone
from emofusion.networks.backbone.network import BackboneNetwork
from emofusion.networks.backbone.settings import ARCHITECTURES
from emofusion.networks.backbone.weights import prepare

SHAPE = (3, 64, 64)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def network(request) -> BackboneNetwork:
    torch.manual_seed(0)
    return Backbone(architecture=request.param, hidden=[16]).build(SHAPE, 8)


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
    network = Backbone(architecture="vgg16", hidden=[16]).build(SHAPE, 8)
    convolutions = [sum(isinstance(layer, nn.Conv2d) for layer in block) for block in network.blocks()]
    assert convolutions == [2, 2, 3, 3, 3]
    assert all(isinstance(block[-1], nn.MaxPool2d) for block in network.blocks())


@pytest.mark.parametrize("last", [0, 1, 3, 5])
def test_unfreezing_begins_with_the_last_block(network, last):
    network.unfreeze(last)
    trainable = [
        any(parameter.requires_grad for layer in block for parameter in layer.parameters())
        for block in network.blocks()
    ]
    assert trainable == [False] * (5 - last) + [True] * last
    assert all(parameter.requires_grad for parameter in network.head.parameters())


def test_frozen_batch_normalisation_keeps_the_statistics_it_came_with():
    network = Backbone(architecture="mobilenet_v2", hidden=[16]).build(SHAPE, 8)
    network.unfreeze(1)
    before = {name: value.clone() for name, value in network.features.state_dict().items()}
    network.train()
    network(pictures(4))
    changed = {name for name, value in network.features.state_dict().items() if not torch.equal(value, before[name])}
    assert {int(name.split(".")[0]) for name in changed} == set(range(14, 19))  # the block that learns
    assert network.head.training


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("size", [64, 75])
def test_a_network_without_its_first_blocks_goes_on_from_their_activations(tmp_path, architecture, size):
    shape = (3, size, size)
    weights = tmp_path / "weights.safetensors"
    prepare(architecture, "none", weights, "", seed=2)
    settings = TrainedBackbone(architecture=architecture, pooling="flatten", hidden=[16])
    torch.manual_seed(1)
    whole = settings.build(shape, 8, weights).eval()
    x = torch.randint(0, 256, (2, *shape), dtype=torch.uint8)
    with torch.no_grad():
        logits = whole(x)
        for frozen in range(1, 6):
            activations = whole.activations(x, frozen)
            torch.manual_seed(1)
            rest = replace(settings, frozen=frozen).build(tuple(activations.shape[1:]), 8, weights).eval()
            torch.testing.assert_close(rest(activations), logits)  # the same seed gives the same head
            assert rest.frozen_parameters + sum(value.numel() for value in rest.parameters()) == sum(
                value.numel() for value in whole.parameters()
            )
            # and from any later block, the pooled last one too
            for later in range(frozen, 6):
                torch.testing.assert_close(rest(whole.activations(x, later)), logits)


def test_the_head_can_scale_what_it_gets():
    torch.manual_seed(0)
    network = Backbone(architecture="vgg16", pooling="flatten", head_norm=True, hidden=[16]).build((3, 96, 96), 7)
    assert network.head[0].num_features == 512 * 3 * 3  # the grid that is left of 96 pixels
    network.train()
    scaled = network.head[0](network.pool(network.features(network.normalised(torch.rand(8, 3, 96, 96) * 255))))
    seen = scaled.std(dim=0) > 1e-3
    assert seen.any() and torch.allclose(scaled[:, seen].mean(dim=0), torch.zeros(int(seen.sum())), atol=1e-4)


def test_convolutions_run_with_channels_last(network):
    assert next(network.features.parameters()).is_contiguous(memory_format=torch.channels_last)
    seen = []
    handles = [layer.register_forward_hook(lambda *arguments: seen.append(arguments[2])) for layer in network.features]
    network(pictures())
    for handle in handles:
        handle.remove()
    assert len(seen) == len(network.features)
    assert all(values.is_contiguous(memory_format=torch.channels_last) for values in seen)


def test_mobilenet_equals_torchvisions(tmp_path):
    torch.manual_seed(3)
    whole = mobilenet_v2(weights=None).eval()
    state = {name: tensor for name, tensor in whole.state_dict().items() if name.startswith("features.")}
    save_file(state, tmp_path / "weights.safetensors")
    network = Backbone(architecture="mobilenet_v2").build(SHAPE, 8, tmp_path / "weights.safetensors").eval()
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        expected = whole.features((pictures() / 255 - mean) / std).mean((2, 3))
        pooled = network.pool(network.features(network.normalised(pictures())))
    torch.testing.assert_close(pooled, expected, atol=1e-4, rtol=1e-4)


def test_pixels_are_only_scaled_without_normalisation():
    network = Backbone(architecture="mobilenet_v2", normalise="none").build(SHAPE, 8)
    torch.testing.assert_close(network.normalised(pictures()), pictures() / 255)
    network = Backbone(architecture="mobilenet_v2", normalise="symmetric").build(SHAPE, 8)
    torch.testing.assert_close(network.normalised(pictures()), pictures() / 127.5 - 1)


def test_flattened_head_sees_a_seven_by_seven_grid():
    network = Backbone(architecture="mobilenet_v2", pooling="flatten", hidden=[16]).build((3, 224, 224), 8)
    assert network.head[0].in_features == 1280 * 49
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, 224, 224)).shape == (1, 8)


def test_fresh_weights_follow_he_and_the_callers_seed():
    torch.manual_seed(5)
    first = Backbone(architecture="vgg16", hidden=[16]).build(SHAPE, 8)
    torch.manual_seed(5)
    second = Backbone(architecture="vgg16", hidden=[16]).build(SHAPE, 8)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    convolution = first.features[28]
    assert convolution.weight.std().item() == pytest.approx((2 / (9 * 512)) ** 0.5, rel=0.01)
    assert not convolution.bias.any()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_fresh_convolutions_let_through_what_they_see(architecture):
    torch.manual_seed(5)
    network = Backbone(architecture=architecture, hidden=[16]).build(SHAPE, 8).eval()
    with torch.no_grad():
        deep = network.activations(pictures(16), 5)
    assert 0.03 < deep.std() < 30
    assert deep.std(dim=0).mean() > 0.01 * deep.std()  # pictures differ


def test_weights_of_another_architecture_are_refused(tmp_path):
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(EmofusionError, match=r"other\.safetensors does not hold prepared weights of vgg16"):
        Backbone(architecture="vgg16").build(SHAPE, 8, tmp_path / "other.safetensors")


@pytest.mark.parametrize(("shape", "message"), [((35,), r"\(3, height, width\)"), ((3, 16, 16), "of 32 and more")])
def test_pictures_that_do_not_fit_are_refused(shape, message):
    with pytest.raises(EmofusionError, match=message):
        Backbone(architecture="vgg16").build(shape, 8)
