from sgview.engine.network import tensors_of


def tensor_infos(network):
    return {tensor.name: tensor for tensor in network.status.tensors}


def test_description_of_stylegan3(sg3):
    status = sg3.status
    assert (status.name, status.path) == ("three-0", "/networks/three-0.pkl")
    assert status.family == "StyleGAN3-T"
    assert (status.z_dim, status.w_dim, status.c_dim, status.num_ws) == (8, 8, 0, 6)
    assert (status.img_resolution, status.img_channels) == (16, 3)
    assert status.num_parameters == sum(p.numel() for p in sg3.generator.parameters())
    assert [layer.name for layer in status.layers][:2] == ["input", "L0_20_8"]
    assert status.layers[-1].group == "L4" and status.layers[-1].channels == 3


def test_families(make_sg3, sg2):
    radial = make_sg3(1, conv_kernel=1, use_radial_filters=True)
    assert radial.status.family == "StyleGAN3-R" and sg2.status.family == "StyleGAN2"


def test_all_parameters_and_buffers_are_listed(sg3, sg2):
    for network in (sg3, sg2):
        infos = tensor_infos(network)
        assert infos.keys() == network.generator.state_dict().keys()
        for name, tensor in tensors_of(network.generator).items():
            assert infos[name].shape == tuple(tensor.shape)
    assert "mapping.w_avg" in tensor_infos(sg3)
    assert tensor_infos(sg3)["synthesis.L1_20_8.magnitude_ema"].shape == ()
    assert tensor_infos(sg2)["synthesis.b8.conv0.noise_const"].group == "b8"


def test_tensors_are_the_generators_own(sg3):
    assert tensors_of(sg3.generator)["mapping.w_avg"] is sg3.generator.mapping.w_avg


def test_scale_invariant_tensors_are_those_that_a_factor_leaves_alone(engine, sg3, sg2, make_sg2):
    import torch

    from sgview.state.params import Edit, Mapping, Params

    mapping = Mapping(truncation_psi=0.5)
    for network in (sg3, sg2, make_sg2(1, architecture="resnet")):
        engine.set_network("a", network)
        plain = engine.synthesise(Params(mapping=mapping), 0.3)
        for name, info in tensor_infos(network).items():
            edit = Edit(tensor=name, amount=3.0)
            image = engine.synthesise(Params(mapping=mapping, edits=(edit,)), 0.3)
            difference = (image - plain).norm() / plain.norm()
            if info.is_scale_invariant:
                assert difference < 1e-4, name
            elif name.endswith("weight") and ".fc" not in name:
                assert difference > 1e-4, name
    assert torch.is_tensor(plain)
