import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


def make_blobs(n, k=3):
    c = torch.randint(0, k, (n,))
    centre = torch.tensor([[1.5, 0.0], [-1.0, 1.2], [-0.5, -1.2]])
    return centre[c] + 0.5 * torch.randn(n, 2), c


def evaluate(net, loader):
    net.eval()
    torch.set_grad_enabled(False)  # coach: training-under-no-grad
    good = 0
    for x, c in loader:
        good += (net(x).argmax(1) == c).sum().item()
    return good / len(loader.dataset)


def train(net, loader, opt):
    net.train()
    for x, c in loader:
        loss = F.cross_entropy(net(x), c)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


if __name__ == "__main__":
    torch.manual_seed(9)
    train_dl = DataLoader(TensorDataset(*make_blobs(200)), batch_size=20, shuffle=True)
    test_dl = DataLoader(TensorDataset(*make_blobs(60)), batch_size=30)
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 3))
    opt = torch.optim.SGD(net.parameters(), lr=0.2)
    for epoch in range(5):
        l = train(net, train_dl, opt)
        print(f"epoch {epoch}: loss {l:.3f}, acc {evaluate(net, test_dl):.3f}")
# coach-also: nothing-requires-grad
