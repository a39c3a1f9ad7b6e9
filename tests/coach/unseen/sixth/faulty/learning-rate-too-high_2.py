import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)


def shapes(n):
    y = torch.randint(0, 3, (n,))
    img = 2.0 * torch.randn(n, 1, 10, 10)
    for i in range(n):
        c = int(y[i])
        if c == 0:
            img[i, 0, :, 4:6] += 1.5
        elif c == 1:
            img[i, 0, 4:6, :] += 1.5
        else:
            img[i, 0, 3:7, 3:7] += 1.5
    return (img - img.mean()) / img.std(), y


x, y = shapes(384)
loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)

cnn = nn.Sequential(
    nn.Conv2d(1, 6, 3, padding=1),
    nn.LeakyReLU(0.1),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(6 * 25, 24),
    nn.LeakyReLU(0.1),
    nn.Linear(24, 3),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(cnn.parameters(), lr=0.4)  # coach: learning-rate-too-high; fix: lr=

for epoch in range(10):
    cnn.train()
    ls = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(cnn(xb), yb)
        loss.backward()
        optimizer.step()
        ls.append(loss.item())  # coach-also: update-ratio-high
    cnn.eval()
    with torch.no_grad():
        acc = (cnn(x[320:]).argmax(1) == y[320:]).float().mean().item()
    print("epoch", epoch, "loss %.2f (max %.2f)" % (sum(ls) / len(ls), max(ls)), "acc %.2f" % acc)
