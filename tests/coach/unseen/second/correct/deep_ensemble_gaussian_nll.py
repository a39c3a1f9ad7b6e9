"""An ensemble of five fresh networks, each with its own optimizer and its own bootstrap sample."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

x = torch.linspace(-2, 2, 120).unsqueeze(1)
noise_rng = torch.Generator().manual_seed(11)
y = 0.5 * x.pow(2) - 1 + 0.1 * torch.randn(120, 1, generator=noise_rng)


class MeanVariance(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 24), nn.Tanh())
        self.mean, self.raw = nn.Linear(24, 1), nn.Linear(24, 1)

    def forward(self, inp):
        h = self.body(inp)
        return self.mean(h), F.softplus(self.raw(h)) + 1e-4


def fit(seed):
    torch.manual_seed(seed)
    model = MeanVariance()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    sample = torch.randint(0, 120, (120,))
    first = None
    for _ in range(10):
        for idx in sample[torch.randperm(120)].split(40):
            mu, var = model(x[idx])
            loss = F.gaussian_nll_loss(mu, y[idx], var)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            first = loss.item() if first is None else first
    print(f"member {seed}: {first:.3f} -> {loss.item():.3f}")
    return model.eval()


members = [fit(seed) for seed in range(5)]
with torch.inference_mode():
    outs = [m(torch.tensor([[0.0], [4.0]])) for m in members]
    mu = torch.stack([o[0] for o in outs])
    var = torch.stack([o[1] for o in outs])
    total_var = var.mean(0) + mu.var(0, unbiased=False)
print("mean", mu.mean(0).flatten().tolist(), "variance", total_var.flatten().tolist())
