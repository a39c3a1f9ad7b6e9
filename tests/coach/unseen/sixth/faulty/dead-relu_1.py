"""Assignment 3 - classify 8x8 stripe patterns with a small dense network."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader, random_split

torch.manual_seed(17)
LR = 0.4  # coach: dead-relu
EPOCHS = 8


def make_stripes(n):
    labels = torch.randint(0, 4, (n,))
    imgs = torch.zeros(n, 8, 8)
    for i in range(n):
        k = int(labels[i])
        if k == 0:
            imgs[i, ::2, :] = 1.0
        elif k == 1:
            imgs[i, :, ::2] = 1.0
        elif k == 2:
            imgs[i, :4, :4] = 1.0
        else:
            imgs[i, 4:, 4:] = 1.0
    imgs = imgs + 0.9 * torch.randn(n, 8, 8)
    return (imgs - imgs.mean()) / imgs.std(), labels


class StripeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(64, 48)
        self.l2 = nn.Linear(48, 32)
        self.l3 = nn.Linear(32, 4)

    def forward(self, img):
        z = img.flatten(1)
        z = torch.relu(self.l1(z))
        z = torch.relu(self.l2(z))  # coach-line: dead-relu
        return self.l3(z)


images, classes = make_stripes(480)
train_set, val_set = random_split(TensorDataset(images, classes), [400, 80])
train_loader = DataLoader(train_set, batch_size=20, shuffle=True)
val_loader = DataLoader(val_set, batch_size=80)

net = StripeNet()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=LR)  # coach-line: dead-relu

for epoch in range(EPOCHS):
    net.train()  # coach-also: learning-rate-too-high
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = loss_fn(net(xb), yb)
        loss.backward()
        opt.step()
    net.eval()  # coach-also: constant-predictions
    with torch.no_grad():
        acc = sum((net(xv).argmax(1) == yv).float().mean().item() for xv, yv in val_loader)
    print(f"epoch {epoch}: last batch {loss.item():.3f}, val acc {acc:.2f}")
