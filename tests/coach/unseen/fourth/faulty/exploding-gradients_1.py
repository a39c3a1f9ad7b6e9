# sum of a sensor series, hand-written recurrent regressor
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(29)


class SensorRuns(Dataset):
    def __init__(self, n, length=30):
        self.series = torch.randn(n, length, 3)
        self.target = (self.series[:, -8:, 0] - self.series[:, -8:, 2]).mean(dim=1)
        self.target = self.target / self.target.std()

    def __len__(self):
        return len(self.target)

    def __getitem__(self, i):
        return self.series[i], self.target[i]


class ReluRNN(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.hidden = hidden
        self.inp = nn.Linear(n_in, hidden)
        self.rec = nn.Linear(hidden, hidden, bias=False)
        nn.init.orthogonal_(self.rec.weight, gain=2 ** 0.5)  # coach-line: exploding-gradients
        self.out = nn.Linear(hidden, 1)

    def forward(self, seq):
        h = torch.zeros(seq.shape[0], self.hidden)
        for t in range(seq.shape[1]):
            h = F.relu(self.inp(seq[:, t]) + self.rec(h))
        return self.out(h).squeeze(1)


model = ReluRNN(3, 40)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
loader = DataLoader(SensorRuns(320), batch_size=32, shuffle=True)

for epoch in range(6):
    model.train()
    for series, target in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(series), target)
        loss.backward()  # coach: exploding-gradients; fix: clip_grad_norm_
        optimizer.step()  # coach-line: exploding-gradients
    norm = sum(p.grad.norm().item() ** 2 for p in model.parameters()) ** 0.5
    print(f"epoch {epoch} loss {loss.item():.4g} grad norm {norm:.4g}")
# coach-also: loss-diverged
# coach-also: nan-origin
# coach-also: learning-rate-too-high
