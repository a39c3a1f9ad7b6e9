import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(123)


# tiny "digits"
def fake_digits(n, templates):
    k = torch.randint(0, len(templates), (n,))
    img = templates[k] + 0.8 * torch.randn(n, 64)
    return img, k


templates = torch.randn(10, 64)
Xtr, ytr = fake_digits(640, templates)
Xte, yte = fake_digits(200, templates)


class DigitNet(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.hidden = nn.Linear(64, hidden)
        self.output = nn.Linear(hidden, 10)

    def forward(self, x):
        h = F.relu(self.hidden(x))
        return F.softmax(self.output(h), dim=1)  # coach: softmax-before-cross-entropy; fix: return self.output(h)


net = DigitNet()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
batches = DataLoader(TensorDataset(Xtr, ytr), batch_size=64, shuffle=True)

for epoch in range(5):
    net.train()
    for images, targets in batches:
        optimizer.zero_grad()
        probs = net(images)
        loss = loss_function(probs, targets)  # coach-line: softmax-before-cross-entropy
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        acc = (net(Xte).argmax(1) == yte).float().mean()
    print(f"Epoch {epoch}: {loss.item():.4f}, test accuracy {acc.item():.2%}")
