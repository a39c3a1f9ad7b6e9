# digits made of dots (5x5), 4 classes
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(55)

glyphs = (torch.rand(4, 25) > 0.5).float()
which = torch.randint(0, 4, (400,))
dots = glyphs[which] + 0.6 * torch.randn(400, 25)
dots = (dots - dots[:320].mean()) / dots[:320].std()
train_loader = DataLoader(TensorDataset(dots[:320], which[:320]), batch_size=32, shuffle=True)


def block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


class DotNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = block(25, 32)
        self.block2 = block(32, 16)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        x = self.block1(x)
        x = F.relu(self.block2(x))  # coach: redundant-activation; fix: x = self.block2(x)
        return self.head(x)


model = DotNet()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

for epoch in range(8):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(dots[320:]).argmax(1) == which[320:]).float().mean()
    print("epoch", epoch, "acc", acc.item())
