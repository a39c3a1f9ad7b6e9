import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class ConvBNAct(nn.Module):
    def __init__(self, c_in, c_out, k=3, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, k, stride=stride, padding=k // 2)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn = nn.BatchNorm2d(c_out)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Backbone(nn.Module):
    def __init__(self, widths=(8, 16, 24)):
        super().__init__()
        chans = [1, *widths]
        self.stages = nn.ModuleList([ConvBNAct(a, b, stride=2) for a, b in zip(chans[:-1], chans[1:])])

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return x.mean(dim=(2, 3))


def make_data(n):
    y = torch.randint(0, 2, (n,))
    noise = torch.randn(n, 1, 16, 16)
    checker = ((torch.arange(16).view(-1, 1) + torch.arange(16).view(1, -1)) % 4 < 2).float() - 0.5
    x = noise + y.float().view(-1, 1, 1, 1) * checker
    return TensorDataset((x - x.mean()) / x.std(), y)


torch.manual_seed(6)
loader = DataLoader(make_data(192), batch_size=24, shuffle=True)
model = nn.ModuleDict({"backbone": Backbone(), "head": nn.Linear(24, 2)})
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
model.train()
for epoch in range(5):
    losses = []
    for x, y in loader:
        loss = F.cross_entropy(model["head"](model["backbone"](x)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: {sum(losses) / len(losses):.4f}")
