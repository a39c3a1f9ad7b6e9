import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)


def make_digits(n, k=4):
    proto = torch.randn(k, 1, 8, 8)
    y = torch.randint(0, k, (n,))
    return proto[y] + 1.2 * torch.randn(n, 1, 8, 8), y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.fc = nn.Linear(6 * 4 * 4, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.fc(x.flatten(1))


x, y = make_digits(512)
train_loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
net = Net()
sgd = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)  # coach: learning-rate-too-high; fix: lr=

for epoch in range(5):
    hits = 0
    for img, lab in train_loader:
        sgd.zero_grad()
        logits = net(img)
        loss = F.cross_entropy(logits, lab)
        loss.backward()  # coach-also: update-ratio-high
        sgd.step()
        hits += (logits.argmax(1) == lab).sum().item()
    print(f"epoch {epoch} loss {loss.item():.3f} acc {hits / 512:.3f}")
