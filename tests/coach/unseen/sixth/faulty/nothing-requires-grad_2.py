# fit a damped oscillation  x(t) = A exp(-g t) cos(w t)
import gradbook as torch

torch.manual_seed(6)

t = torch.linspace(0, 6, 200)
truth = 1.5 * torch.exp(-0.3 * t) * torch.cos(2.0 * t)
signal = truth + 0.05 * torch.randn(200)


def oscillation(theta, t):
    A, g, w = theta[0], theta[1], theta[2]
    return A * torch.exp(-g * t) * torch.cos(w * t)


theta = torch.tensor([1.0, 0.1, 1.8])  # coach: nothing-requires-grad; fix: requires_grad
opt = torch.optim.Adam([theta], lr=0.02)

for step in range(300):
    idx = torch.randint(0, 200, (64,))
    opt.zero_grad()
    resid = oscillation(theta, t[idx]) - signal[idx]
    loss = (resid ** 2).mean()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(step, loss.item(), theta.tolist())
print("A=%.2f gamma=%.2f omega=%.2f" % tuple(theta.tolist()))
