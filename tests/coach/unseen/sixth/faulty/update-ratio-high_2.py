# fine-tune a pretrained regressor on a second instrument
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)


def instrument(n, shift):
    x = torch.randn(n, 6)
    y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3] + shift * x[:, 3:4]
    return x, y / 1.1


class Calib(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU())
        self.head = nn.Linear(48, 1)

    def forward(self, x):
        return self.head(self.trunk(x))


def run(model, opt, loader, epochs, tag):
    model.train()
    for ep in range(epochs):
        s = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.mse_loss(model(xb), yb)
            loss.backward()
            opt.step()
            s += loss.item()
        print(tag, ep, "%.4f" % (s / len(loader)))


model = Calib()
xa, ya = instrument(600, 0.0)
run(model, torch.optim.Adam(model.parameters(), lr=3e-3), DataLoader(TensorDataset(xa, ya), batch_size=30, shuffle=True), 8, "pretrain")

xb, yb = instrument(300, 0.4)
loader_b = DataLoader(TensorDataset(xb, yb), batch_size=30, shuffle=True)
finetune_opt = torch.optim.Adam(model.parameters(), lr=0.1)  # coach: update-ratio-high; fix: lr=
run(model, finetune_opt, loader_b, 6, "finetune")  # coach-also: learning-rate-too-high
