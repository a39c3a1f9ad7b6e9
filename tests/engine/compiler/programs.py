"""Random training steps, as source text: layers, shapes, losses and optimizers drawn from a seed."""

from __future__ import annotations

import random

__all__ = ["program"]

POINTWISE = [
    "torch.relu(h)", "torch.tanh(h)", "torch.sigmoid(h)", "F.gelu(h)", "F.silu(h)", "F.leaky_relu(h, 0.1)", "F.elu(h)",
    "F.softplus(h)", "h * torch.sigmoid(h)", "torch.exp(-h * h)", "h.abs() + 0.1", "(h * h + 1).sqrt()",
    "h.clamp(-1, 1)",
    "torch.where(h > 0, h, 0.3 * h)", "torch.sin(h) + torch.cos(h)", "(h.abs() + 1).log()", "h / (1 + h.abs())",
    "1 / (1 + h.exp())", "h.pow(2) * 0.5", "torch.maximum(h, -h * 0.5)", "h - h.mean()", "h + scale", "h * scale.exp()",
    "torch.erf(h)", "F.hardtanh(h)", "torch.minimum(h, h.detach() + 0.1)", "-h", "h * 2 if k > 1 else h * 3",
]  # fmt: skip
MIXING = [
    "h - h.mean(1, keepdim=True)", "F.softmax(h, 1)", "F.log_softmax(h, dim=-1)", "h + h.sum(0)", "h / h.norm()",
    "h[:, torch.arange(h.shape[1] - 1, -1, -1)]", "torch.cat([h, h * 2], 1)[:, : h.shape[1]]", "h.t().contiguous().t()",
    "torch.stack([h, h.flip(0)]).mean(0)", "h.reshape(-1).reshape(h.shape)", "h.cumsum(1) * 0.1", "h.roll(1, 0)",
    "(h.unsqueeze(1) * h.unsqueeze(2)).mean(1)", "h.repeat(2, 1)[: h.shape[0]]", "h.masked_fill(h > 2, 0.0)",
    "torch.einsum('ij,kj->ik', h, h).mean(1, keepdim=True) + h", "F.dropout(h, 0.2, model.training)",
    "h.var(1, keepdim=True) + h", "torch.nn.functional.normalize(h, dim=1)", "h.expand(2, *h.shape).sum(0)",
    "h.max(1, keepdim=True).values * 0.1 + h",
]  # fmt: skip
MODULES = [
    "nn.Linear({0}, {1})", "nn.Linear({0}, {1}, bias=False)", "nn.Sequential(nn.Linear({0}, {1}), nn.ReLU())",
    "nn.Sequential(nn.Linear({0}, {1}), nn.LayerNorm({1}))", "nn.Sequential(nn.Linear({0}, {1}), nn.BatchNorm1d({1}))",
    "nn.Sequential(nn.Dropout(0.1), nn.Linear({0}, {1}), nn.Tanh())", "nn.Sequential(nn.Linear({0}, {1}), nn.GELU())",
]  # fmt: skip
LOSSES = [
    "F.cross_entropy(h, y)", "h.square().mean()", "F.mse_loss(h, torch.ones_like(h))", "h.logsumexp(1).mean()",
    "F.nll_loss(F.log_softmax(h, 1), y)", "F.smooth_l1_loss(h, h.detach() * 0.5)", "h.abs().sum() / h.numel()",
    "F.cross_entropy(h, y, label_smoothing=0.1)", "F.binary_cross_entropy_with_logits(h[:, 0], (y > 0).float())",
    "h.sum() * 1e-2", "F.kl_div(F.log_softmax(h, 1), F.softmax(h.detach() * 2, 1), reduction='batchmean')",
]  # fmt: skip
OPTIMIZERS = [
    "SGD(params, lr=0.05)", "SGD(params, lr=0.05, momentum=0.9)", "SGD(params, lr=0.02, momentum=0.8, nesterov=True)",
    "Adam(params, lr=0.01)", "AdamW(params, lr=0.01, weight_decay=0.1)", "Adam(params, lr=0.01, amsgrad=True)",
    "RMSprop(params, lr=0.01)", "Adagrad(params, lr=0.05)", "SGD(params, lr=0.05, weight_decay=0.1)",
    "Adadelta(params)", "RMSprop(params, lr=0.01, momentum=0.5, centered=True)", "Adamax(params, lr=0.01)",
]  # fmt: skip
ENDS = [
    "return loss", "return loss.item()", "return {'loss': loss.detach(), 'h': h.detach()}", "return loss, h.argmax(1)",
    "return (loss, [h.detach().mean(), k])",
]  # fmt: skip

TEXT = """
def build(torch, whole=lambda f: f, part=lambda f: f, module=lambda m: m):
    nn, F, optim = torch.nn, torch.nn.functional, torch.optim

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
{layers}
            self.scale = nn.Parameter(torch.full((1,), 0.1))

        def forward(self, x, k):
            model, scale = self, self.scale
            h = x
{body}
            return h

    model = Model()
    params = list(model.parameters())
    opt = optim.{optimizer}
    called = module(model)

    def forward(x, y, k):
        h = called(x, k)
        return {loss}, h

    run = part(forward)

    def step(x, y, k):
        {zero}
        loss, h = run(x, y, k)
        loss.backward()
        {clip}
        opt.step()
        {end}

    return model, opt, whole(step)
"""


def program(seed: int) -> tuple[str, int, int]:
    """(source of a function build(torch) -> (model, optimizer, step), features of x, classes).

    The function takes three more: what the whole step goes through, what the part of it before backward(), and what
    the model.
    """
    draw = random.Random(seed)
    width = features = draw.choice([1, 3, 8, 17])
    layers, body = [], []
    for i in range(draw.randint(1, 4)):
        wider = draw.choice([2, 5, 8, 16, 33])
        layers.append(f"self.layer{i} = {draw.choice(MODULES).format(width, wider)}")
        body.append(f"h = self.layer{i}(h)")
        width = wider
        for _ in range(draw.randint(0, 3)):
            body.append(f"h = {draw.choice(POINTWISE if draw.random() < 0.65 else MIXING)}")
        if draw.random() < 0.25:
            body.append(f"h = h + {draw.choice(POINTWISE)}")
    text = TEXT.format(
        layers="\n".join(" " * 12 + line for line in layers),
        body="\n".join(" " * 12 + line for line in body),
        optimizer=draw.choice(OPTIMIZERS),
        zero=draw.choice(["opt.zero_grad()", "model.zero_grad()", "for p in params: p.grad = None"]),
        loss=draw.choice(LOSSES),
        clip=draw.choice(["pass", "pass", "nn.utils.clip_grad_norm_(model.parameters(), 0.7)"]),
        end=draw.choice(ENDS),
    )
    return text, features, width
