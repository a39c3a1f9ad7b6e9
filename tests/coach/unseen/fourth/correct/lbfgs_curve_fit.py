"""Fit a damped oscillation a*exp(-b t)*cos(w t) with LBFGS."""
import gradbook as torch

torch.manual_seed(0)
t = torch.linspace(0, 3, 120)
observed = 1.5 * torch.exp(-0.6 * t) * torch.cos(3.0 * t) + 0.02 * torch.randn(120)

amp = torch.tensor(1.0, requires_grad=True)
decay = torch.tensor(0.3, requires_grad=True)
omega = torch.tensor(2.6, requires_grad=True)
solver = torch.optim.LBFGS([amp, decay, omega], lr=0.5, max_iter=5, line_search_fn="strong_wolfe")


def closure():
    solver.zero_grad()
    curve = amp * torch.exp(-decay * t) * torch.cos(omega * t)
    loss = ((curve - observed) ** 2).mean()
    loss.backward()
    return loss


for step in range(8):
    loss = solver.step(closure)
    print(f"step {step}: loss before {loss.item():.6f}")
print(f"a={amp.item():.3f} b={decay.item():.3f} w={omega.item():.3f}")
