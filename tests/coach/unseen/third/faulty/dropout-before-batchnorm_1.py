# Two-headed network on tabular sensor windows: a class and a remaining-life value.
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(42)
N = 400
feats = torch.randn(N, 20)
mix = torch.randn(20, 4)
state = (feats @ mix).argmax(dim=1)
life = torch.tanh(feats[:, :5].sum(1) / 2) + 0.05 * torch.randn(N)
life = (life - life.mean()) / life.std()


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(20, 48),
            nn.ReLU(),
            nn.Dropout(0.3),  # coach: dropout-before-batchnorm
            nn.BatchNorm1d(48),  # coach-line: dropout-before-batchnorm
            nn.Linear(48, 48),
            nn.ReLU(),
        )
        self.cls_head = nn.Linear(48, 4)
        self.reg_head = nn.Linear(48, 1)

    def forward(self, x):
        z = self.trunk(x)
        return self.cls_head(z), self.reg_head(z).squeeze(-1)


train = TensorDataset(feats[:320], state[:320], life[:320])
val = TensorDataset(feats[320:], state[320:], life[320:])
model = MultiTask()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(12):
    model.train()
    for x, c, r in DataLoader(train, batch_size=40, shuffle=True):
        logits, value = model(x)
        loss = F.cross_entropy(logits, c) + 0.5 * F.smooth_l1_loss(value, r)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        x, c, r = val.tensors
        logits, value = model(x)
        print(epoch, f"acc {(logits.argmax(1) == c).float().mean():.3f}  mae {(value - r).abs().mean():.3f}")
