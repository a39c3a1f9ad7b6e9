# %% Fit a damped oscillation with L-BFGS (full batch, as in the lecture)
import gradbook as torch
from gradbook import nn

torch.manual_seed(21)

# %% measured data
time = torch.linspace(0, 4, 120)
signal = 1.8 * torch.exp(-0.6 * time) * torch.cos(3.1 * time) + 0.03 * torch.randn(120)

# %% model: three physical constants
class Damped(nn.Module):
    def __init__(self):
        super().__init__()
        self.amplitude = nn.Parameter(torch.tensor(1.0))
        self.decay = nn.Parameter(torch.tensor(0.3))
        self.omega = nn.Parameter(torch.tensor(2.8))

    def forward(self, t):
        return self.amplitude * torch.exp(-self.decay * t) * torch.cos(self.omega * t)


model = Damped()
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=10)

# %% fit
def closure():
    optimizer.zero_grad()
    residual = model(time) - signal
    loss = residual.pow(2).mean()
    loss.backward()
    return loss


for outer in range(8):
    value = optimizer.step(closure)
    print(outer, f"{value.item():.6f}")

# %% report
for name, p in model.named_parameters():
    print(f"{name:10s} {p.item():.3f}")
