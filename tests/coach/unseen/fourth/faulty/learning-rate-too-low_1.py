# GRU forecaster: predict the next value of a noisy seasonal signal
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(42)
LAG = 12
t = torch.arange(600).float()
sig = torch.sin(t / 5) + 0.3 * torch.sin(t / 2) + 0.05 * torch.randn(600)
sig = (sig - sig.mean()) / sig.std()
X = torch.stack([sig[i:i + LAG] for i in range(600 - LAG)]).unsqueeze(-1)
Y = sig[LAG:].unsqueeze(-1)


class Forecaster(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.out(h[-1])


def main():
    model = Forecaster()
    opt = torch.optim.Adam(model.parameters(), lr=1e-6)  # coach: learning-rate-too-low; fix: lr=
    # coach-also: loss-plateau
    dl = DataLoader(TensorDataset(X, Y), batch_size=64, shuffle=True)
    for epoch in range(8):
        tot = 0.0
        for xb, yb in dl:
            loss = nn.functional.mse_loss(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item()
        print(epoch, tot / len(dl))


main()
# coach-also: update-ratio-low
