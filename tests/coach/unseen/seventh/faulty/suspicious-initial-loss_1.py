import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(61)

config = {
    "dims": (16, 48, 48, 6),
    "head_scale": 3.0,  # coach: suspicious-initial-loss
    "optimizer": {"lr": 2e-3},
    "epochs": 6,
    "batch_size": 36,
}


def he(key_in, key_out):
    return (torch.randn(key_in, key_out) * (2.0 / key_in) ** 0.5).requires_grad_()


def head(n_in, n_out, scale):
    return (torch.randn(n_in, n_out) * scale).requires_grad_()  # coach-line: suspicious-initial-loss


def init(cfg):
    d0, d1, d2, d3 = cfg["dims"]
    return {
        "dense_0/kernel": he(d0, d1),
        "dense_0/bias": torch.zeros(d1).requires_grad_(),
        "dense_1/kernel": he(d1, d2),
        "dense_1/bias": torch.zeros(d2).requires_grad_(),
        "logits/kernel": head(d2, d3, cfg["head_scale"]),
        "logits/bias": torch.zeros(d3).requires_grad_(),
    }  # coach-also: bad-init


def dense(p, name, x):
    return torch.einsum("ni,io->no", x, p[name + "/kernel"]) + p[name + "/bias"]


def forward(p, x):
    x = torch.relu(dense(p, "dense_0", x))
    x = torch.relu(dense(p, "dense_1", x))
    return dense(p, "logits", x)


mu = torch.randn(6, 16)
labels = torch.randint(0, 6, (432,))
inputs = mu[labels] + torch.randn(432, 16)
inputs = (inputs - inputs.mean(0)) / inputs.std(0)

params = init(config)
opt = torch.optim.Adam(list(params.values()), **config["optimizer"])
for epoch in range(config["epochs"]):
    for rows in torch.randperm(len(inputs)).split(config["batch_size"]):
        opt.zero_grad()
        loss = F.cross_entropy(forward(params, inputs[rows]), labels[rows])
        loss.backward()
        opt.step()
        if epoch == 0:
            print(f"  batch loss {loss.item():.3f}")
    print(f"epoch {epoch} loss {loss.item():.3f}")
