import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class SwishFunction(torch.autograd.Function):
    """x * sigmoid(x), recomputing the sigmoid in backward to save memory."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * s * (1 - s)  # coach: wrong-gradient


class MemoryEfficientSwish(nn.Module):
    def forward(self, x):
        return SwishFunction.apply(x)


ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "swish": MemoryEfficientSwish}


class Checkerboard(Dataset):
    def __init__(self, n=600):
        pts = torch.rand(n, 2) * 2 - 1
        self.cls = ((pts[:, 0] > 0) ^ (pts[:, 1] > 0)).long()
        self.pts = (pts - pts.mean(0)) / pts.std(0)

    def __len__(self):
        return len(self.cls)

    def __getitem__(self, i):
        return self.pts[i], self.cls[i]


def make_net(act, width=48):
    return nn.Sequential(nn.Linear(2, width), ACTIVATIONS[act](), nn.Linear(width, width), ACTIVATIONS[act](), nn.Linear(width, 2))


def train(net, loader, epochs=8, lr=4e-3):
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    criterion = nn.CrossEntropyLoss()
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for pts, cls in loader:
            optimizer.zero_grad()
            loss = criterion(net(pts), cls)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / len(loader):.4f}")


torch.manual_seed(23)
train(make_net("swish"), DataLoader(Checkerboard(), batch_size=50, shuffle=True))
