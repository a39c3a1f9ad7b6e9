import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class OwnBatchNorm(nn.Module):
    """Batch statistics in training, its own afterwards."""

    def __init__(self, n):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("variance", torch.ones(n))

    def forward(self, x):
        if self.training:
            mean, variance = x.mean(0), x.var(0)
            with torch.no_grad():
                self.mean = 0.9 * self.mean + 0.1 * mean
                self.variance = 0.9 * self.variance + 0.1 * variance
        else:
            mean, variance = self.mean, self.variance
        return self.gamma * (x - mean) / (variance + 1e-5).sqrt() + self.beta


class StableSoftmax(nn.Module):
    def forward(self, x):
        e = (x - x.max()).exp()
        return e / e.sum(dim=1, keepdim=True)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.norm, self.decode = nn.Linear(6, 8), OwnBatchNorm(8), nn.Linear(8, 6)
        self.gate = StableSoftmax()
        self.seen = []

    def forward(self, x):
        z = self.norm(self.encode(x))
        self.activity = z.abs().mean(0)
        self.seen.append(float(z.detach().mean()))
        return self.decode(z * self.gate(z))


torch.manual_seed(0)
model = Autoencoder()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
drawn = torch.randn(200, 6)
for step in range(10):
    batch = drawn[torch.randint(0, 200, (20,))]
    loss = F.mse_loss(model(batch), batch) + 0.01 * model.activity.sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
assert len(model.seen) == 10
