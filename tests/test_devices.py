"""A GPU gives the same result each time, and computes with all 32 bits."""

import os

import torch

from emofusion.devices import compute_device, device_name


def test_a_gpu_is_set_up_so_that_results_repeat(monkeypatch, torch_settings):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H200")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    torch.backends.cudnn.benchmark = torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    assert compute_device() == torch.device("cuda") and device_name() == "NVIDIA H200"
    assert torch.are_deterministic_algorithms_enabled() and torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_without_a_gpu_torch_stays_as_it_is(cpu):
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32
    assert compute_device() == torch.device("cpu") and device_name() == "CPU"
    assert (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32) == before
