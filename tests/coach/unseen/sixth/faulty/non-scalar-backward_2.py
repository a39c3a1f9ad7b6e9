import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)

# fit a spectrum with known measurement errors: chi^2 loss
lam = torch.linspace(-1, 1, 300).unsqueeze(1)
sigma = 0.02 + 0.08 * torch.rand(300, 1)
flux = torch.exp(-((lam - 0.2) / 0.3) ** 2) + sigma * torch.randn(300, 1)
weight = (1 / sigma ** 2)
weight = weight / weight.mean()

dl = DataLoader(TensorDataset(lam, flux, weight), batch_size=50, shuffle=True)

fit = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 1))


def chi2(pred, obs, w):
    r = pred - obs
    return w * r ** 2  # coach: non-scalar-backward; fix: .mean()


opt = torch.optim.Adam(fit.parameters(), lr=5e-3)
for epoch in range(40):
    for l, f, w in dl:
        opt.zero_grad()
        loss = chi2(fit(l), f, w)  # coach-line: non-scalar-backward
        loss.backward()  # coach-line: non-scalar-backward
        opt.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
