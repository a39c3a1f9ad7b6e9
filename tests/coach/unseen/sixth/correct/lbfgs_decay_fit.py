# radioactive decay chain: fit activities and half-lives with LBFGS, full batch
import gradbook as torch

torch.manual_seed(44)

t = torch.linspace(0, 5, 120)
true = 2.0 * torch.exp(-1.4 * t) + 0.7 * torch.exp(-0.25 * t)
counts = true + 0.02 * torch.randn(120)

log_amp = torch.tensor([0.0, 0.0], requires_grad=True)
log_rate = torch.tensor([0.5, -1.0], requires_grad=True)


def activity():
    return (torch.exp(log_amp).unsqueeze(1) * torch.exp(-torch.exp(log_rate).unsqueeze(1) * t)).sum(0)


opt = torch.optim.LBFGS([log_amp, log_rate], lr=0.5, max_iter=10)


def closure():
    opt.zero_grad()
    loss = ((activity() - counts) ** 2).mean()
    loss.backward()
    return loss


for it in range(12):
    loss = opt.step(closure)
    if it % 3 == 0:
        print(it, float(loss))
print("amplitudes", torch.exp(log_amp).tolist(), "rates", torch.exp(log_rate).tolist())
