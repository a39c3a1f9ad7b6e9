import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
class DigitData(torch.utils.data.Dataset):
    def __init__(self, n_per_class=30, k=3):
        g = torch.Generator().manual_seed(83)
        self.items = []
        for c in range(k):
            for _ in range(n_per_class):
                img = torch.randn(1, 6, 6, generator=g) * 0.5
                img[0, 2 * c:2 * c + 2] += 1.0
                self.items.append((img, c))
    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i]
def main(shuffle=False):
    torch.manual_seed(83)
    ds = DigitData()
    dl = DataLoader(ds, batch_size=10, shuffle=shuffle)  # coach: not-shuffled; fix: shuffle=True
    net = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(216, 3))
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for ep in range(3):
        net.train()
        for a, b in dl:
            opt.zero_grad()
            loss = F.cross_entropy(net(a), b)
            loss.backward()
            opt.step()
        print("epoch", ep, loss.item())
main()
