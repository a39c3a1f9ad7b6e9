import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(83)
hparams = dict(
    epochs=8,
    batch=25,
    lr=1e-8,  # coach: learning-rate-too-low
    betas=(0.9, 0.99),
)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 4))
        self.dec = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 16))

    def forward(self, x):
        return self.dec(self.enc(x))


x = torch.randn(200, 3) @ torch.randn(3, 16)
x = (x - x.mean(0)) / x.std(0)
ae = Autoencoder()
opt = torch.optim.Adam(ae.parameters(), lr=hparams["lr"], betas=hparams["betas"])
for epoch in range(hparams["epochs"]):
    for b in torch.randperm(200).split(hparams["batch"]):
        loss = F.mse_loss(ae(x[b]), x[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: loss-plateau, update-ratio-low
