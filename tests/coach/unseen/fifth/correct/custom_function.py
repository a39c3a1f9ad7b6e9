import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


class StraightThrough(torch.autograd.Function):
    """sign() forward, clipped identity backward (binarised activations)"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1).float()


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 48)
        self.b = nn.Linear(48, 3)

    def forward(self, x):
        return self.b(StraightThrough.apply(self.a(x)))


cent = 1.5 * torch.randn(3, 6)
lab = torch.randint(0, 3, (450,))
pts = cent[lab] + torch.randn(450, 6)
pts = (pts - pts.mean(0)) / pts.std(0)
loader = DataLoader(TensorDataset(pts, lab), batch_size=45, shuffle=True)
model = BinaryNet()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
ce = nn.CrossEntropyLoss()
for epoch in range(6):
    s = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = ce(model(xb), yb)
        loss.backward()
        opt.step()
        s += loss.item()
    print(epoch, s / len(loader))
